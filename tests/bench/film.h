// A film with its truth, read at the rate of a camera.
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

// Who is enrolled with which photo, and who is to be seen when. Empty without a file.
struct FilmTruth {
  std::map<std::string, std::filesystem::path> enrol;
  std::vector<FilmVisit> visits;
};

// {"enroll": {PERSON: PHOTO}, "visits": [...]} as tests/tools/score_film.py reads it; photos lie in
// `known`/PERSON or in `known`. Throws on a file that is not so.
FilmTruth read_truth(const std::filesystem::path& file, const std::filesystem::path& known);

// The frames of a film that a camera of `fps` would give. Bound to one thread.
class Film {
 public:
  Film(const std::filesystem::path& file, double fps);
  // False at the end. `picture` is a copy of its own.
  bool next(cv::Mat& picture, double& seconds);

 private:
  cv::VideoCapture capture_;
  double fps_;
  double own_fps_;
  long frame_ = -1;
  long slot_ = -1;
};

// Seconds of processor time this thread has used.
double thread_seconds();

}  // namespace maitred::bench
