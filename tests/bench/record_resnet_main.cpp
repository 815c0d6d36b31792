// Compares dlib's face recognition ResNet as the eye runs it with dlib's own, and records dlib's
// numbers for the unit tests: record-resnet --out tests/golden/dlib_resnet.txt
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "maitred/eye/inference/network.h"
#include "tests/bench/peers/dlib_resnet.h"
#include "tests/support/resnet_file.h"
#include "tests/support/temporary_folder.h"

namespace maitred::bench {
namespace {

namespace fs = std::filesystem;
constexpr double kMostApart = 1e-3;  // in lengths of the result: the direction counts

std::vector<float> run_in_eye(const fs::path& file, const std::vector<std::uint8_t>& pixels) {
  auto network = load_network(file, {});
  if (!network) throw std::runtime_error(network.error().message);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    (*network)->input()[i % 3 * test::kChipPixels + i / 3] = static_cast<float>(pixels[i]);
  }
  const Status ran = (*network)->run();
  if (!ran) throw std::runtime_error(ran.error().message);
  const auto values = (*network)->output(0);
  return {values.begin(), values.end()};
}

// The largest difference, in lengths of `wanted`.
double difference(const std::vector<float>& found, const std::vector<float>& wanted) {
  double square = 0.0;
  double apart = found.size() == wanted.size() ? 0.0 : INFINITY;
  for (std::size_t i = 0; i < std::min(found.size(), wanted.size()); ++i) {
    square += static_cast<double>(wanted[i]) * static_cast<double>(wanted[i]);
    apart = std::max(apart, std::fabs(static_cast<double>(found[i] - wanted[i])));
  }
  return apart / std::max(1.0, std::sqrt(square));
}

// Each line of `out`: the name of the file, the number of the picture, dlib's numbers.
bool agrees(const std::string& name, const fs::path& file, std::ostream& out) {
  DlibResNet network(file);
  bool all = true;
  for (const unsigned picture : test::kGoldenPictures) {
    const auto pixels = test::resnet_picture(picture);
    const std::vector<float> wanted = network.run(pixels.data());
    const double apart = difference(run_in_eye(file, pixels), wanted);
    std::printf("%s, picture %u: difference %.2g\n", name.c_str(), picture, apart);
    all = all && apart <= kMostApart;
    out << name << ' ' << picture;
    for (const float value : wanted) {
      char text[32];
      std::snprintf(text, sizeof(text), " %.7g", static_cast<double>(value));
      out << text;
    }
    out << '\n';
  }
  return all;
}

bool compare_all(const fs::path& out_file) {
  std::ofstream out(out_file);
  const TemporaryFolder folder;
  bool all = true;
  for (const test::GoldenResNet& golden : test::golden_resnets()) {
    const fs::path file = folder.path() / "resnet.dat";
    test::write_resnet_file(file, golden.seed, golden.norms);
    all = agrees(std::string(golden.name), file, out) && all;
  }
  const char* shared = std::getenv("MAITRED_SHARED");
  const fs::path published = fs::path(shared != nullptr ? shared : "../shared") /
                             "models/dlib_face_recognition_resnet_model_v1.dat";
  if (fs::exists(published)) {
    std::ofstream unrecorded("/dev/null");
    all = agrees("published", published, unrecorded) && all;
  } else {
    std::printf("published: skipped, no %s\n", published.c_str());
  }
  if (!out.flush()) throw std::runtime_error("cannot write " + out_file.string());
  return all;
}

}  // namespace
}  // namespace maitred::bench

int main(int argc, char** argv) {
  std::filesystem::path out = "/dev/null";
  CLI::App app("Compares dlib's ResNet in the eye with dlib's own");
  app.add_option("--out", out, "file to record dlib's numbers in");
  CLI11_PARSE(app, argc, argv);
  try {
    return maitred::bench::compare_all(out) ? 0 : 1;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "record-resnet: %s\n", failure.what());
    return 3;
  }
}
