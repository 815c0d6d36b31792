#include "tests/bench/film.h"

#include <cmath>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace maitred::bench {

FilmTruth read_truth(const std::filesystem::path& file, const std::filesystem::path& known) {
  FilmTruth truth;
  if (file.empty()) return truth;
  std::ifstream stream(file);
  const nlohmann::json json = nlohmann::json::parse(stream);
  for (const auto& [person, photo] : json.at("enroll").items()) {
    const std::string name = photo.get<std::string>();
    const auto in_folder = known / person / name;
    truth.enrol[person] = std::filesystem::exists(in_folder) ? in_folder : known / name;
  }
  for (const auto& visit : json.at("visits")) {
    truth.visits.push_back({visit.at("person").get<std::string>(), visit.at("kind") == "known",
                            visit.at("start").get<double>(), visit.at("end").get<double>()});
  }
  return truth;
}

Film::Film(const std::filesystem::path& file, double fps)
    : capture_(file.string(), cv::CAP_FFMPEG), fps_(fps) {
  if (!capture_.isOpened()) throw std::runtime_error("cannot read the film " + file.string());
  own_fps_ = capture_.get(cv::CAP_PROP_FPS);
  if (!(own_fps_ > 0.1)) own_fps_ = 25.0;
}

bool Film::next(cv::Mat& picture, double& seconds) {
  while (capture_.grab()) {
    ++frame_;
    seconds = static_cast<double>(frame_) / own_fps_;
    const auto slot = static_cast<long>(std::floor(seconds * fps_ + 0.05));
    if (slot <= slot_) continue;
    slot_ = slot;
    cv::Mat decoded;
    if (!capture_.retrieve(decoded) || decoded.empty()) continue;
    picture = decoded.clone();
    return true;
  }
  return false;
}

double thread_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace maitred::bench
