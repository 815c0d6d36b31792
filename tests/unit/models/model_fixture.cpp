#include "tests/unit/models/model_fixture.h"

#include <bzlib.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

#include "maitred/base/check.h"
#include "maitred/base/file.h"

namespace maitred::test {

namespace fs = std::filesystem;

std::string file_row(const MadeUpFile& file) {
  const std::string more =
      file.more.empty() ? fmt::format("url = \"https://models.invalid/{}\"", file.name) : file.more;
  return fmt::format(
      "[[file]]\nname = \"{}\"\nsha256 = \"{}\"\nsize_bytes = {}\nlicence = \"MIT\"\n"
      "source = \"made up\"\n{}\n",
      file.name, sha256_of(file.content), file.content.size(), more);
}

std::string engine_row(const std::string& files, const std::string& name) {
  return fmt::format(
      "[[engine]]\nname = \"{}\"\ndetector = \"yunet\"\nembedder = \"onnx\"\n"
      "standing = \"production\"\ninput = [112, 112]\ntemplate_length = 128\nlicence = \"MIT\"\n"
      "trained_on = \"nobody\"\npublished_accuracy = \"none\"\ncalibration = []\n"
      "[engine.files]\n{}\n",
      name, files);
}

Manifest manifest_of(const std::string& rows) {
  auto manifest = Manifest::parse("format = 1\n" + rows);
  if (!manifest) ADD_FAILURE() << manifest.error().message;
  MAITRED_CHECK(manifest.has_value());
  return *std::move(manifest);
}

std::string sha256_of(const std::string& content) {
  std::string path = (fs::temp_directory_path() / "maitred-digest-XXXXXX").string();
  const UniqueFd fd(::mkstemp(path.data()));
  write_text(path, content);
  const auto digest = sha256_of_file(path);
  fs::remove(path);
  MAITRED_CHECK(digest.has_value());
  return *digest;
}

std::string bzip2_of(const std::string& content) {
  std::string packed(content.size() + content.size() / 100 + 600, '\0');
  auto length = static_cast<unsigned>(packed.size());
  std::string source = content;
  MAITRED_CHECK(BZ2_bzBuffToBuffCompress(packed.data(), &length, source.data(),
                                         static_cast<unsigned>(source.size()), 9, 0, 0) == BZ_OK);
  packed.resize(length);
  return packed;
}

std::string made_up_content(std::size_t size_bytes, unsigned seed) {
  std::minstd_rand random(seed);
  std::string content(size_bytes, '\0');
  std::generate(content.begin(), content.end(), [&] { return static_cast<char>(random() >> 8U); });
  return content;
}

void write_text(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::string read_text(const fs::path& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

ModelFolders::ModelFolders() {
  std::string pattern = (fs::temp_directory_path() / "maitred-models-XXXXXX").string();
  MAITRED_CHECK(::mkdtemp(pattern.data()) != nullptr);
  scratch_ = pattern;
  models_ = scratch_ / "models";
  shipped_ = scratch_ / "shipped";
  fs::create_directory(models_);
  fs::create_directory(shipped_);
}

ModelFolders::~ModelFolders() {
  std::error_code ignored;
  fs::remove_all(scratch_, ignored);
}

}  // namespace maitred::test
