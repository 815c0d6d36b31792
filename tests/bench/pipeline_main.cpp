// Plays a film through one pipeline on one thread. Prints as one JSON object the processor time
// without decoding, and the people recognised.
#include <xmmintrin.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <set>

#include "tests/bench/film.h"
#include "tests/bench/pipeline.h"

namespace {

using namespace maitred::bench;

// An alert counts for a visit until this time after its end, because the last decision about a
// track comes after it.
constexpr double kGraceSeconds = 1.5;

struct Score {
  std::set<std::string> recognised;
  std::vector<std::string> wrong;

  void note(const FilmTruth& truth, const std::string& person, double seconds) {
    for (const FilmVisit& visit : truth.visits) {
      if (visit.known && visit.person == person && seconds >= visit.start_s &&
          seconds <= visit.end_s + kGraceSeconds) {
        recognised.insert(person);
        return;
      }
    }
    wrong.push_back(person + " at " + std::to_string(seconds));
  }
};

// The time when each customer of the film first reaches this width.
int print_appearances(const std::filesystem::path& file, const FilmTruth& truth,
                      const PipelineOptions& options, int face_px) {
  Appearances appearances(options, face_px);
  for (const auto& [person, photo] : truth.enrol) {
    appearances.enrol(person, cv::imread(photo.string()));
  }
  Film film(file, 10);
  cv::Mat picture;
  double at = 0;
  while (film.next(picture, at)) {
    std::set<std::string> allowed;
    for (const FilmVisit& visit : truth.visits) {
      if (visit.known && at >= visit.start_s && at <= visit.end_s) allowed.insert(visit.person);
    }
    appearances.recognise(picture, at, allowed);
  }
  std::cout << nlohmann::json(appearances.first()).dump() << "\n";
  return 0;
}

int run(int argc, char** argv) {
  CLI::App app("Plays a film through one pipeline and says what it cost.");
  std::string pipeline = "maitred";
  std::filesystem::path film_file, truth_file, known;
  PipelineOptions options;
  double fps = 10;
  double seconds_limit = 1e9;
  std::size_t fill = 0;
  app.add_option("--pipeline", pipeline, "maitred, opencv or dlib");
  app.add_option("--film", film_file)->required();
  app.add_option("--truth", truth_file, "who is to be seen when, JSON");
  app.add_option("--known", known, "folder of photos of the people of --truth");
  app.add_option("--gallery", fill, "fill the gallery to so many people from --known");
  app.add_option("--models", options.models)->required();
  app.add_option("--min-face", options.min_face_px, "px");
  app.add_option("--fps", fps);
  app.add_option("--seconds", seconds_limit, "of the film");
  app.add_flag("--dwell", options.dwell);
  int face_px = 0;
  app.add_option("--appearances", face_px,
                 "prints when each customer of --truth is first so many pixels wide, and ends");
  CLI11_PARSE(app, argc, argv);

  cv::setNumThreads(1);
  _mm_setcsr(_mm_getcsr() | 0x8040U);  // no denormals, for maitred and peers alike
  const FilmTruth truth = read_truth(truth_file, known);
  if (face_px > 0) return print_appearances(film_file, truth, options, face_px);
  const auto runner = pipeline == "maitred"  ? make_maitred(options)
                      : pipeline == "opencv" ? make_opencv_every_frame(options)
                                             : make_dlib_pipeline(options);
  auto people = truth.enrol;
  if (fill > people.size()) {
    std::set<std::string> seen;
    for (const FilmVisit& visit : truth.visits) seen.insert(visit.person);
    std::set<std::filesystem::path> folders;
    for (const auto& entry : std::filesystem::directory_iterator(known)) folders.insert(entry);
    for (const auto& folder : folders) {
      if (people.size() >= fill) break;
      if (!is_directory(folder) || seen.contains(folder.filename().string())) continue;
      std::set<std::filesystem::path> photos;
      for (const auto& photo : std::filesystem::directory_iterator(folder)) photos.insert(photo);
      if (!photos.empty()) people.emplace(folder.filename().string(), *photos.begin());
    }
  }
  for (const auto& [person, photo] : people) runner->enrol(person, cv::imread(photo.string()));
  runner->ready();

  Film film(film_file, fps);
  Score score;
  cv::Mat picture;
  double at = 0;
  double cost = 0;
  std::size_t frames = 0;
  std::vector<double> frame_ms;
  while (at < seconds_limit && film.next(picture, at)) {
    const double before = thread_seconds();
    const auto seen = runner->recognise(picture, at);
    frame_ms.push_back(1000.0 * (thread_seconds() - before));
    cost += frame_ms.back() / 1000.0;
    ++frames;
    for (const std::string& person : seen) score.note(truth, person, at);
  }
  for (const std::string& person : runner->finish()) score.note(truth, person, at);
  const PipelineCounts counts = runner->counts();
  std::sort(frame_ms.begin(), frame_ms.end());
  const nlohmann::json report = {
      {"pipeline", pipeline},
      {"frames", frames},
      {"cpu_s", cost},
      {"ms_a_frame", frames > 0 ? 1000.0 * cost / static_cast<double>(frames) : 0.0},
      {"ms_worst_frame", frame_ms.empty() ? 0.0 : frame_ms.back()},
      {"detections", counts.detections},
      {"faces", counts.faces},
      {"embeddings", counts.embeddings},
      {"recognised", score.recognised},
      {"wrong", score.wrong}};
  std::cout << report.dump() << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "bench-pipeline: " << error.what() << "\n";
    return 3;
  }
}
