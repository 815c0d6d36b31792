// The way of a frame through the eye and of a sighting through the core, in one thread.
#include <stdexcept>
#include <variant>

#include "maitred/eye/analysis.h"
#include "maitred/matching/decider.h"
#include "maitred/models/verify.h"
#include "maitred/vision/load_engine.h"
#include "tests/bench/pipeline.h"

namespace maitred::bench {
namespace {

ImageView view_of(const cv::Mat& picture) {
  return {picture.data, picture.cols, picture.rows, picture.step[0]};
}

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

Engine engine_of(const std::filesystem::path& models) {
  const EngineFiles files = must(locate(Manifest::built_in(), "retail", models, {}));
  EngineSources sources;
  sources.engine = "retail";
  sources.files = files.by_role_name();
  return must(load_engine(sources));
}

Calibration calibration() {
  std::vector<CalibrationRow> rows;
  for (const auto& point : must(Manifest::built_in().engine("retail"))->calibration) {
    rows.push_back({static_cast<float>(point.threshold), point.fmr, point.fnmr});
  }
  return must(Calibration::from_rows(std::move(rows)));
}

class MaitredPipeline final : public Pipeline {
 public:
  explicit MaitredPipeline(const PipelineOptions& options)
      : options_(options), desk_(engine_of(options.models)) {
    AnalysisOptions analysis;
    analysis.from_file = true;
    analysis.min_face_px = options.min_face_px;
    if (!options.dwell) analysis.dwell = Milliseconds{0};
    analysis_.emplace(engine_of(options.models), analysis);
    ready();
  }

  bool enrol(const std::string& person, const cv::Mat& photo) override {
    const ImageView view = view_of(photo);
    const auto faces = must(desk_.detector->detect(view, 40));
    if (faces.empty()) return false;
    entries_.push_back({CustomerId(person), {}});
    entries_.back().templates.push_back(must(desk_.embedder->embed(view, faces[0].landmarks)));
    return true;
  }

  void ready() override {
    gallery_ = must(Gallery::build("retail", 256, entries_));
    policy_ = DecisionPolicy::derive(calibration(), {.fpir = options_.fpir}, gallery_->rows());
  }

  std::vector<std::string> look(const cv::Mat& picture, double seconds) override {
    Frame frame;
    frame.image.view = view_of(picture);
    frame.position = Milliseconds(static_cast<std::int64_t>(seconds * 1000.0));
    frame.at = WallTime(frame.position + Milliseconds(1'700'000'000'000));
    last_ = frame.at;
    return decide(must(analysis_->analyse(frame)));
  }

  std::vector<std::string> finish() override { return decide(analysis_->finish(last_)); }

  PipelineCounts counts() const override {
    const AnalysisCounts counts = analysis_->counts();
    return {counts.looks, counts.faces, counts.embeddings};
  }

 private:
  std::vector<std::string> decide(const std::vector<EyeMessage>& messages) {
    std::vector<std::string> people;
    const auto note = [&](const std::vector<Match>& matches) {
      for (const Match& match : matches) people.push_back(match.customer.value);
    };
    for (const EyeMessage& message : messages) {
      if (const auto* sighting = std::get_if<Sighting>(&message)) {
        note(must(decider_.observe("film", *sighting, *gallery_, *policy_)));
      } else if (const auto* ended = std::get_if<TrackEnded>(&message)) {
        note(decider_.end_track("film", ended->track, *policy_));
      }
    }
    return people;
  }

  const PipelineOptions options_;
  Engine desk_;
  std::optional<Analysis> analysis_;
  std::vector<GalleryEntry> entries_;
  std::shared_ptr<const Gallery> gallery_;
  std::optional<DecisionPolicy> policy_;
  Decider decider_;
  WallTime last_{};
};

}  // namespace

std::unique_ptr<Pipeline> make_maitred(const PipelineOptions& options) {
  return std::make_unique<MaitredPipeline>(options);
}

}  // namespace maitred::bench
