// dlib's face recognition ResNet: the file is read, and the result is dlib's own. dlib's numbers
// are in tests/golden/dlib_resnet.txt, recorded by tests/bench/record_resnet_main.cpp.
#include "src/eye/inference/readers/dlib_resnet.h"

#include <bzlib.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <string>

#include "maitred/eye/inference/network.h"
#include "tests/support/resnet_file.h"
#include "tests/support/temporary_folder.h"

namespace maitred::inference {
namespace {

namespace fs = std::filesystem;
using test::BatchNorms;
using test::kChipPixels;
using test::resnet_picture;

std::vector<std::uint8_t> bytes_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_bytes(const fs::path& file, const std::vector<std::uint8_t>& bytes) {
  std::ofstream stream(file, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
}

void feed(const std::vector<std::uint8_t>& pixels, std::size_t place, Network& network) {
  for (std::size_t i = 0; i < kChipPixels; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      network.input()[(3 * place + c) * kChipPixels + i] = static_cast<float>(pixels[3 * i + c]);
    }
  }
}

// What dlib computes for one picture with the file of that name.
std::vector<float> numbers_of_dlib(std::string_view name, unsigned picture) {
  const fs::path file = fs::path(MAITRED_SOURCE_DIR) / "tests/golden/dlib_resnet.txt";
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string of;
    unsigned number = 0;
    words >> of >> number;
    if (of != name || number != picture) continue;
    std::vector<float> values;
    for (float value = 0; words >> value;) values.push_back(value);
    return values;
  }
  ADD_FAILURE() << file << " has no line " << name << ' ' << picture;
  return {};
}

class DlibResNetFile : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    test::write_resnet_file(resnet(), 7, BatchNorms::kFixed);
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static fs::path folder() { return folder_->path(); }
  static fs::path resnet() { return folder() / "resnet.dat"; }

 private:
  static std::unique_ptr<TemporaryFolder> folder_;
};

std::unique_ptr<TemporaryFolder> DlibResNetFile::folder_;

TEST_F(DlibResNetFile, GivesTheNumbersOfDlib) {
  for (const test::GoldenResNet& golden : test::golden_resnets()) {
    const fs::path file = folder() / (std::string(golden.name) + ".dat");
    test::write_resnet_file(file, golden.seed, golden.norms);
    for (const Backend backend : {Backend::kOneDnn, Backend::kOpenCv}) {
      NetworkOptions options;
      options.backend = backend;
      auto network = load_network(file, options);
      ASSERT_TRUE(network) << network.error().message;
      for (const unsigned picture : test::kGoldenPictures) {
        feed(resnet_picture(picture), 0, **network);
        ASSERT_TRUE((*network)->run());
        const auto wanted = numbers_of_dlib(golden.name, picture);
        const auto found = (*network)->output(0);
        ASSERT_EQ(wanted.size(), 128U);
        ASSERT_EQ(found.size(), wanted.size());
        // In lengths of the whole: the direction is compared.
        double square = 0;
        for (const float value : wanted) square += static_cast<double>(value * value);
        const double length = std::max(1.0, std::sqrt(square));
        ASSERT_GT(square, 0.0);
        for (std::size_t i = 0; i < wanted.size(); ++i) {
          EXPECT_NEAR(found[i], wanted[i], 1e-3 * length)
              << golden.name << ' ' << (*network)->backend_name() << ' ' << i;
        }
      }
    }
  }
}

TEST_F(DlibResNetFile, IsReadPackedAsItIsPublished) {
  auto plain = bytes_of(resnet());
  auto packed_size = static_cast<unsigned>(plain.size() + plain.size() / 50 + 1000);
  std::vector<std::uint8_t> packed(packed_size);
  ASSERT_EQ(BZ2_bzBuffToBuffCompress(reinterpret_cast<char*>(packed.data()), &packed_size,
                                     reinterpret_cast<char*>(plain.data()),
                                     static_cast<unsigned>(plain.size()), 1, 0, 0),
            BZ_OK);
  packed.resize(packed_size);
  const auto unpacked = read_dlib_resnet(packed);
  ASSERT_TRUE(unpacked) << unpacked.error().message;
  EXPECT_EQ(unpacked->end, read_dlib_resnet(plain)->end);
  const fs::path archive = folder() / "resnet.dat.bz2";
  write_bytes(archive, packed);
  EXPECT_TRUE(load_network(archive, {}));

  packed.resize(packed.size() / 2);
  write_bytes(archive, packed);
  const auto cut = load_network(archive, {});
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, "model_invalid");
  EXPECT_NE(cut.error().message.find("bzip2"), std::string::npos) << cut.error().message;
}

TEST_F(DlibResNetFile, ABatchGivesEachFaceItsOwn) {
  const fs::path file = resnet();
  auto single = load_network(file, {});
  ASSERT_TRUE(single);
  for (const int faces : {2, 8}) {
    NetworkOptions together;
    together.backend = Backend::kOneDnn;
    together.input_shape = {faces, 3, 150, 150};
    auto batch = load_network(file, together);
    ASSERT_TRUE(batch);
    EXPECT_EQ((*batch)->input_shape(), together.input_shape);
    EXPECT_EQ((*batch)->outputs()[0].shape[0], faces);
    for (unsigned i = 0; i < static_cast<unsigned>(faces); ++i)
      feed(resnet_picture(i + 4), i, **batch);
    ASSERT_TRUE((*batch)->run());
    for (unsigned i = 0; i < static_cast<unsigned>(faces); ++i) {
      feed(resnet_picture(i + 4), 0, **single);
      ASSERT_TRUE((*single)->run());
      for (std::size_t k = 0; k < 128; ++k) {
        EXPECT_NEAR((*batch)->output(0)[i * 128 + k], (*single)->output(0)[k], 1e-3);
      }
    }
  }
}

TEST_F(DlibResNetFile, WhatIsCutChangedOrAnotherNetworkIsRefused) {
  const fs::path file = resnet();
  const auto whole = bytes_of(file);
  ASSERT_TRUE(read_dlib_resnet(whole));
  std::mt19937 random(1);
  for (int i = 0; i < 60; ++i) {
    const std::size_t length = i < 30 ? random() % 600 : random() % whole.size();
    const auto cut = read_dlib_resnet(std::span(whole).first(length));
    ASSERT_FALSE(cut) << length;
    EXPECT_EQ(cut.error().code, "model_invalid");
  }
  auto longer = whole;
  longer.push_back(1);
  EXPECT_FALSE(read_dlib_resnet(longer));
  auto other = whole;
  const std::string name = "max_pool_2";
  const auto at = std::search(other.begin(), other.end(), name.begin(), name.end());
  ASSERT_NE(at, other.end());
  *at = 'n';
  EXPECT_FALSE(read_dlib_resnet(other));

  NetworkOptions larger;
  larger.input_shape = {1, 3, 160, 160};
  const auto refused = load_network(file, larger);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "model_invalid");
}

}  // namespace
}  // namespace maitred::inference
