// A scratch folder, and a manifest of one engine of made-up files in it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "maitred/models/manifest.h"

namespace maitred::test {

struct MadeUpFile {
  std::string name;
  std::string content;
  std::string more;  // more TOML lines of its row; a URL where it is empty
};

// [[file]] with the right size and SHA-256.
std::string file_row(const MadeUpFile& file);
// [[engine]] "small" or `name`, with `files` as lines of [engine.files].
std::string engine_row(const std::string& files, const std::string& name = "small");
Manifest manifest_of(const std::string& rows);

std::string sha256_of(const std::string& content);
std::string bzip2_of(const std::string& content);
// So many bytes that do not repeat, the same each time.
std::string made_up_content(std::size_t size_bytes, unsigned seed = 1);

void write_text(const std::filesystem::path& path, const std::string& content);
std::string read_text(const std::filesystem::path& path);
std::vector<std::string> names_in(const std::filesystem::path& folder);

class ModelFolders : public ::testing::Test {
 protected:
  ModelFolders();
  ~ModelFolders() override;

  std::filesystem::path scratch_;
  std::filesystem::path models_;   // exists, empty
  std::filesystem::path shipped_;  // exists, empty
};

}  // namespace maitred::test
