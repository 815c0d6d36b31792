// Aligned crops of drawn people, found by the engine's own detector, as the network sees them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <vector>

#include "maitred/eye/vision/engine.h"

namespace maitred::demo {

// First seeds of people. The film's cast and the tests use lower ones.
inline constexpr std::uint64_t kFirstTrainingPerson = 1'000'000;
inline constexpr std::uint64_t kFirstUnseenPerson = 9'000'000;

struct Photo {
  std::uint64_t person = 0;
  int number = 0;  // 0 is an enrolment photo (studio_look), others are everyday looks
};

// Draws the photo and crops the face; empty if no face is found.
std::optional<cv::Mat> make_crop(const Photo& photo, FaceDetector& detector);

// Returns crops of `people` times `photos`, ordered by person, then number; an empty Mat if no face
// was found. Keeps them in `cache` in blocks, so that interrupted work continues. Uses `threads`
// threads.
struct CropSet {
  std::uint64_t first_person = 0;
  int people = 0;
  int photos = 0;
};
std::vector<cv::Mat> make_crops(const CropSet& set, const std::filesystem::path& landmarks_model,
                                const std::filesystem::path& cache, int threads);

}  // namespace maitred::demo
