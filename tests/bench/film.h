// A film with its ground truth, read at the rate of a camera.
#pragma once

#include <filesystem>
#include <map>
#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>
#include <string>
#include <vector>

namespace maitred::bench {

struct FilmVisit {
  std::string person;
  bool known = false;
  double start_s = 0;
  double end_s = 0;
};

// The photo of each enrolled person, and the time of each visit. Empty without a file.
struct FilmTruth {
  std::map<std::string, std::filesystem::path> enrol;
  std::vector<FilmVisit> visits;
};

// Reads {"enroll": {PERSON: PHOTO}, "visits": [...]}, as tests/tools/score_film.py does. Photos are
// in `known`/PERSON or in `known`. Throws on a malformed file.
FilmTruth read_truth(const std::filesystem::path& file, const std::filesystem::path& known);

// The frames of a film that a camera of `fps` would deliver. Bound to one thread.
class Film {
 public:
  Film(const std::filesystem::path& file, double fps);
  // False at the end. `picture` is a copy.
  bool next(cv::Mat& picture, double& seconds);

 private:
  cv::VideoCapture capture_;
  double fps_;
  double own_fps_;
  long frame_ = -1;
  long slot_ = -1;
};

// Seconds of processor time that this thread has used.
double thread_seconds();

}  // namespace maitred::bench
