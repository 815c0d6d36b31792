// Runs a fuzz target on the files of a folder, on each cut short, and on each with a few bytes
// changed, always the same ones. What fails is a crash or a sanitizer's complaint.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr int kCuts = 16;
constexpr int kChanges = 64;

void run(const Bytes& bytes) { LLVMFuzzerTestOneInput(bytes.data(), bytes.size()); }

void run_variants(const Bytes& bytes) {
  run(bytes);
  for (std::size_t cut = 0; cut < kCuts; ++cut) {
    run(Bytes(bytes.begin(),
              bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() * cut / kCuts)));
  }
  if (bytes.empty()) return;
  std::minstd_rand random(1);
  for (int change = 0; change < kChanges; ++change) {
    Bytes changed = bytes;
    for (int flip = 0; flip < 1 + change % 4; ++flip) {
      changed[random() % changed.size()] = static_cast<std::uint8_t>(random() >> 8U);
    }
    run(changed);
  }
}

}  // namespace

int main(int argc, char** argv) {
  int files = 0;
  for (int i = 1; i < argc; ++i) {
    std::error_code absent;
    for (const auto& entry : std::filesystem::directory_iterator(argv[i], absent)) {
      std::ifstream stream(entry.path(), std::ios::binary);
      run_variants(Bytes(std::istreambuf_iterator<char>(stream), {}));
      ++files;
    }
  }
  std::printf("%d files of the corpus, and their variants\n", files);
  return files > 0 ? 0 : 1;
}
