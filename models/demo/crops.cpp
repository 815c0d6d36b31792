#include "models/demo/crops.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "maitred/eye/vision/align.h"
#include "maitred/eye/vision/dlib_detector.h"
#include "tests/support/drawn_face.h"

namespace maitred::demo {
namespace {

// The side of a crop, as in demo_target().
constexpr int kInputSide = 64;
constexpr std::size_t kCropBytes = std::size_t{kInputSide} * kInputSide * 3;

std::unique_ptr<FaceDetector> load_detector(const std::filesystem::path& landmarks_model) {
  auto detector = make_dlib_detector(landmarks_model);
  if (!detector) {
    std::fprintf(stderr, "%s\n", detector.error().message.c_str());
    std::exit(3);
  }
  return std::move(*detector);
}

constexpr int kBlockPeople = 100;

std::filesystem::path block_file(const CropSet& block, const std::filesystem::path& cache) {
  return cache / fmt::format("crops-{}-{}x{}.bgr", block.first_person, block.people, block.photos);
}

// A black crop stands for a photo in which no face was found.
bool read_cache(const std::filesystem::path& file, std::vector<cv::Mat>& crops) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return false;
  for (cv::Mat& crop : crops) {
    crop.create(kInputSide, kInputSide, CV_8UC3);
    if (!in.read(reinterpret_cast<char*>(crop.data), kCropBytes)) return false;
    if (cv::countNonZero(crop.reshape(1)) == 0) crop.release();
  }
  return true;
}

void write_cache(const std::filesystem::path& file, const std::vector<cv::Mat>& crops) {
  std::filesystem::create_directories(file.parent_path());
  const std::filesystem::path unfinished = file.string() + ".part";
  std::ofstream out(unfinished, std::ios::binary);
  const cv::Mat none = cv::Mat::zeros(kInputSide, kInputSide, CV_8UC3);
  for (const cv::Mat& crop : crops) {
    const cv::Mat& written = crop.empty() ? none : crop;
    out.write(reinterpret_cast<const char*>(written.data), kCropBytes);
  }
  out.close();
  std::filesystem::rename(unfinished, file);
}

}  // namespace

std::optional<cv::Mat> make_crop(const Photo& photo, FaceDetector& detector) {
  const std::uint64_t seed = photo.person * 1000 + static_cast<std::uint64_t>(photo.number);
  const drawn::Look look =
      photo.number == 0 ? drawn::studio_look(seed) : drawn::everyday_look(seed);
  const cv::Mat picture = drawn::draw_face(drawn::make_person(photo.person), look);
  const ImageView view{picture.data, picture.cols, picture.rows, picture.step[0]};
  auto faces = detector.detect(view, 80);
  if (faces && faces->empty()) faces = detector.detect(view, 50);  // slower, and finds smaller ones
  if (!faces || faces->empty()) return std::nullopt;
  const Image crop = align_face(view, faces->front().landmarks, demo_target());
  return cv::Mat(crop.view.height_px, crop.view.width_px, CV_8UC3,
                 const_cast<std::uint8_t*>(crop.view.data), crop.view.stride_bytes)
      .clone();
}

namespace {

std::vector<cv::Mat> make_block(const CropSet& block, const std::filesystem::path& cache,
                                FaceDetector& detector) {
  const std::filesystem::path file = block_file(block, cache);
  std::vector<cv::Mat> crops(static_cast<std::size_t>(block.people * block.photos));
  if (read_cache(file, crops)) return crops;
  for (cv::Mat& crop : crops) crop.release();
  for (std::size_t at = 0; at < crops.size(); ++at) {
    const auto photos = static_cast<std::size_t>(block.photos);
    const Photo photo{block.first_person + at / photos, static_cast<int>(at % photos)};
    if (auto crop = make_crop(photo, detector)) crops[at] = *crop;
  }
  write_cache(file, crops);
  return crops;
}

}  // namespace

std::vector<cv::Mat> make_crops(const CropSet& set, const std::filesystem::path& landmarks_model,
                                const std::filesystem::path& cache, int threads) {
  const int blocks = (set.people + kBlockPeople - 1) / kBlockPeople;
  std::vector<std::vector<cv::Mat>> made(static_cast<std::size_t>(blocks));
  const auto work = [&](int first) {
    const auto detector = load_detector(landmarks_model);
    for (int i = first; i < blocks; i += threads) {
      const int from = i * kBlockPeople;
      const CropSet block{set.first_person + static_cast<std::uint64_t>(from),
                          std::min(kBlockPeople, set.people - from), set.photos};
      made[static_cast<std::size_t>(i)] = make_block(block, cache, *detector);
    }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) workers.emplace_back(work, i);
  for (std::thread& worker : workers) worker.join();
  std::vector<cv::Mat> crops;
  for (std::vector<cv::Mat>& block : made) crops.insert(crops.end(), block.begin(), block.end());
  return crops;
}

}  // namespace maitred::demo
