// Takes a frame through the eye and its sightings through the core, in one thread.
#include <stdexcept>
#include <variant>

#include "maitred/eye/vision/load_engine.h"
#include "maitred/eye/watch/analysis.h"
#include "maitred/models/verify.h"
#include "maitred/shop/matching/decider.h"
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
  sources.precision = Precision::kInt8;
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

  std::vector<std::string> recognise(const cv::Mat& picture, double seconds) override {
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
    return {counts.detections, counts.faces, counts.embeddings};
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

struct Appearances::Impl {
  Engine engine;
  int face_px = 60;
  std::map<std::string, Template> known;
  std::map<std::string, double> first;
};

Appearances::Appearances(const PipelineOptions& options, int face_px)
    : impl_(std::make_unique<Impl>()) {
  impl_->engine = engine_of(options.models);
  impl_->face_px = face_px;
}
Appearances::~Appearances() = default;

void Appearances::enrol(const std::string& person, const cv::Mat& photo) {
  const auto faces = must(impl_->engine.detector->detect(view_of(photo), 40));
  if (faces.empty()) return;
  impl_->known.emplace(person,
                       must(impl_->engine.embedder->embed(view_of(photo), faces[0].landmarks)));
}

void Appearances::recognise(const cv::Mat& picture, double seconds,
                            const std::set<std::string>& allowed) {
  constexpr Similarity kProbably{0.2F};  // low, because few people are allowed
  // As in the eye, the detector searches for smaller faces than the embedder needs.
  const int least_px = impl_->face_px * 3 / 4;
  const ImageView view = view_of(picture);
  for (const Face& face : must(impl_->engine.detector->detect(view, least_px))) {
    if (face.box.width_px < static_cast<float>(impl_->face_px)) continue;
    const Template probe = must(impl_->engine.embedder->embed(view, face.landmarks));
    for (const auto& [person, known] : impl_->known) {
      if (!allowed.contains(person) || impl_->first.contains(person)) continue;
      if (similarity(probe, known) >= kProbably) impl_->first.emplace(person, seconds);
    }
  }
}

const std::map<std::string, double>& Appearances::first() const { return impl_->first; }

std::unique_ptr<Pipeline> make_maitred(const PipelineOptions& options) {
  return std::make_unique<MaitredPipeline>(options);
}

}  // namespace maitred::bench
