// A film of drawn people who walk up to a camera in a drawn shop, one to three at a time, with
// what is true about it: who is seen when, and where.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "maitred/base/result.h"
#include "tests/support/drawn_cast.h"
#include "tests/support/drawn_face.h"

namespace maitred::drawn {

struct FilmOptions {
  cv::Size size{640, 480};
  double fps = 10.0;
  double seconds = 24.0;
  std::uint64_t seed = 1;
  std::vector<CastMember> cast = demo_cast();  // empty: the shop without people
};

// One person's way to the camera, and out of the picture.
struct Walk {
  CastMember who;
  double start_s = 0.0;
  double end_s = 0.0;  // the last moment in front of the camera
  double lane = 0.5;   // 0 to 1, across the picture
  double near_width_px = 0.0;
  std::uint64_t seed = 0;
};

struct SeenFace {
  std::string id;
  cv::Point2d centre_px;
  double width_px = 0.0;
};

// A planned film; any frame can be drawn on its own. Thread-compatible.
class Film {
 public:
  explicit Film(const FilmOptions& options);

  int frame_count() const;
  double fps() const { return options_.fps; }
  cv::Size size() const { return options_.size; }
  const std::vector<Walk>& walks() const { return walks_; }

  // BGR, 8 bits. The same index always gives the same picture.
  cv::Mat frame(int index) const;
  // Faces of the frame that are in front of the camera (not yet on their way out).
  std::vector<SeenFace> faces(int index) const;
  // {"fps","frames","width","height","enroll":{id: file},"visits":[{"kind","person","photo","seed",
  // "start","end"}],"faces":[[{"person","x","y","width"}]]}; times in seconds.
  nlohmann::json truth() const;

 private:
  struct Place {
    cv::Point2d centre_px;
    double width_px = 0.0;
    bool leaving = false;
  };
  void plan();
  Place place(const Walk& walk, double at_s) const;
  Look look(const Walk& walk, double at_s, double width_px, bool leaving) const;

  FilmOptions options_;
  std::vector<Walk> walks_;
  cv::Mat shop_;
  cv::Mat grain_;
};

// The empty shop.
cv::Mat draw_shop(cv::Size size);

// Writes the frames: Motion JPEG for .avi, MPEG-4 for .mp4. Errors: film_not_written.
Status write_film(const Film& film, const std::filesystem::path& file);

}  // namespace maitred::drawn
