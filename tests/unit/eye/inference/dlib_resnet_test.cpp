// dlib's ResNet: what is read and run here gives dlib's own numbers.
#include "src/eye/inference/readers/dlib_resnet.h"

#include <bzlib.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "maitred/eye/inference/network.h"
#include "tests/support/dlib_resnet.h"

namespace maitred::inference {
namespace {

namespace fs = std::filesystem;
using test::DlibResNet;

constexpr std::size_t kPlane = std::size_t{DlibResNet::kSide} * DlibResNet::kSide;

std::vector<std::uint8_t> bytes_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_bytes(const fs::path& file, const std::vector<std::uint8_t>& bytes) {
  std::ofstream stream(file, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
}

// Smooth blobs of colour: pixels red, green, blue.
std::vector<std::uint8_t> picture(unsigned seed) {
  std::mt19937 random(seed);
  std::array<double, 9> wave{};
  for (double& one : wave) one = static_cast<double>(random() % 1000) / 1000.0;
  std::vector<std::uint8_t> pixels(3 * kPlane);
  for (std::size_t i = 0; i < kPlane; ++i) {
    const double x = static_cast<double>(i % DlibResNet::kSide) / 20.0;
    const double y = static_cast<double>(i / DlibResNet::kSide) / 20.0;
    for (std::size_t c = 0; c < 3; ++c) {
      const double value =
          std::sin(x * (0.5 + wave[c]) + 6.0 * wave[3 + c]) + std::cos(y * (0.5 + wave[6 + c]));
      pixels[3 * i + c] = static_cast<std::uint8_t>(127.0 + 60.0 * value);
    }
  }
  return pixels;
}

void feed(const std::vector<std::uint8_t>& pixels, std::size_t place, Network& network) {
  for (std::size_t i = 0; i < kPlane; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      network.input()[(3 * place + c) * kPlane + i] = static_cast<float>(pixels[3 * i + c]);
    }
  }
}

class DlibResNetFile : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string name = (fs::temp_directory_path() / "maitred-resnet-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    DlibResNet(7).write(folder_ / "resnet.dat");
  }
  static void TearDownTestSuite() { fs::remove_all(folder_); }

  void expect_the_same_as_dlib(const fs::path& file, const fs::path& as_dlib_reads_it) {
    DlibResNet dlibs(as_dlib_reads_it);
    for (const Backend backend : {Backend::kOneDnn, Backend::kOpenCv}) {
      NetworkOptions options;
      options.backend = backend;
      auto network = load_network(file, options);
      ASSERT_TRUE(network) << network.error().message;
      for (const unsigned seed : {1U, 2U}) {
        const auto pixels = picture(seed);
        feed(pixels, 0, **network);
        ASSERT_TRUE((*network)->run());
        const auto wanted = dlibs.run(pixels.data());
        const auto found = (*network)->output(0);
        ASSERT_EQ(found.size(), wanted.size());
        // Of the length of the whole: what is compared is the direction.
        double square = 0;
        for (const float value : wanted) square += static_cast<double>(value * value);
        const double length = std::max(1.0, std::sqrt(square));
        ASSERT_GT(square, 0.0);
        for (std::size_t i = 0; i < wanted.size(); ++i) {
          EXPECT_NEAR(found[i], wanted[i], 1e-3 * length) << (*network)->backend_name() << i;
        }
      }
    }
  }

  static fs::path folder_;
};

fs::path DlibResNetFile::folder_;

TEST_F(DlibResNetFile, GivesTheNumbersOfDlib) {
  const fs::path file = folder_ / "resnet.dat";
  expect_the_same_as_dlib(file, file);
}

TEST_F(DlibResNetFile, ThePublishedOneGivesTheNumbersOfDlib) {
  const char* models = std::getenv("MAITRED_SHARED");
  const fs::path file = fs::path(models != nullptr ? models : "") /
                        "models/dlib_face_recognition_resnet_model_v1.dat";
  if (models == nullptr || !fs::exists(file)) GTEST_SKIP() << "skipped: no " << file;
  expect_the_same_as_dlib(file, file);
}

TEST_F(DlibResNetFile, AsTrainingLeavesItGivesTheNumbersOfDlib) {
  const fs::path file = folder_ / "trained.dat";
  test::write_dlib_resnet_in_training(file, 3);
  expect_the_same_as_dlib(file, file);
}

TEST_F(DlibResNetFile, IsReadPackedAsItIsPublished) {
  const fs::path file = folder_ / "resnet.dat";
  auto plain = bytes_of(file);
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
  const fs::path archive = folder_ / "resnet.dat.bz2";
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
  const fs::path file = folder_ / "resnet.dat";
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
    for (unsigned i = 0; i < static_cast<unsigned>(faces); ++i) feed(picture(i + 4), i, **batch);
    ASSERT_TRUE((*batch)->run());
    for (unsigned i = 0; i < static_cast<unsigned>(faces); ++i) {
      feed(picture(i + 4), 0, **single);
      ASSERT_TRUE((*single)->run());
      for (std::size_t k = 0; k < 128; ++k) {
        EXPECT_NEAR((*batch)->output(0)[i * 128 + k], (*single)->output(0)[k], 1e-3);
      }
    }
  }
}

TEST_F(DlibResNetFile, WhatIsCutChangedOrAnotherNetworkIsRefused) {
  const fs::path file = folder_ / "resnet.dat";
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
