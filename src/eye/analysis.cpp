#include "maitred/eye/analysis.h"

#include <algorithm>
#include <map>
#include <utility>

#include "maitred/tracking/embedding_plan.h"
#include "maitred/tracking/track_fusion.h"
#include "maitred/tracking/tracker.h"
#include "maitred/vision/quality.h"

namespace maitred {
namespace {

// Tracks begin on faces a little smaller than those worth a template, so that a customer who comes
// nearer is known as one track, and perhaps dwelling, by the time the face is large enough.
constexpr double kDetectedShare = 0.75;

// Adds the time until its end to a sum.
class Stopwatch {
 public:
  explicit Stopwatch(std::chrono::nanoseconds& sum) : sum_(sum) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() { sum_ += std::chrono::steady_clock::now() - from_; }

 private:
  std::chrono::nanoseconds& sum_;
  const Timestamp from_ = std::chrono::steady_clock::now();
};

EmbeddingRules rules_of(const AnalysisOptions& options) {
  EmbeddingRules rules;
  rules.min_face_px = options.min_face_px;
  rules.zone = {static_cast<float>(options.zone[0]), static_cast<float>(options.zone[1]),
                static_cast<float>(options.zone[2]), static_cast<float>(options.zone[3])};
  rules.dwell = options.dwell;
  return rules;
}

// What is known of one track besides where it is; its templates are wiped with it.
struct Known {
  explicit Known(const FusionRules& rules) : fusion(rules) {}
  TrackFusion fusion;
  WallTime first_seen{};
  WallTime last_sent{};
};

}  // namespace

class Analysis::State {
 public:
  State(Engine engine, AnalysisOptions options)
      : engine_(std::move(engine)), options_(options), plan_(rules_of(options)) {
    fusion_rules_.another_person_below = options.another_person_below;
  }

  Result<std::vector<EyeMessage>> analyse(const Frame& frame) {
    const Stopwatch total(times_.total);
    const ImageView& image = frame.image.view;
    MAITRED_ASSIGN(const std::vector<Face> faces, detect(image));
    counts_.faces += faces.size();
    ++counts_.frames;

    std::vector<EyeMessage> messages;
    const TrackerUpdate update = tracker_.update(faces, frame.at);
    counts_.tracks += update.begun.size();
    end(update.ended, frame.at, messages);

    const std::vector<EmbeddingCandidate> chosen = choose(frame, faces, update);
    for (const EmbeddingCandidate& candidate : chosen) {
      const Face& face = faces[candidate.face];
      MAITRED_ASSIGN(Template probe, embed(image, face));
      const float quality = qualities_.at(candidate.track);
      plan_.taken(candidate.track, quality, frame.at);
      const ActiveTrack& track =
          *std::find_if(update.active.begin(), update.active.end(),
                        [&](const ActiveTrack& active) { return active.id == candidate.track; });
      fuse(track, face, std::move(probe), quality, frame, messages);
    }
    return messages;
  }

  std::vector<EyeMessage> finish(WallTime at) {
    std::vector<EyeMessage> messages;
    end(tracker_.end_all(), at, messages);
    known_.clear();
    return messages;
  }

  AnalysisCounts counts() const { return counts_; }
  AnalysisTimes times() const { return times_; }

 private:
  Result<std::vector<Face>> detect(const ImageView& image) {
    const Stopwatch watch(times_.detect);
    return engine_.detector->detect(image, static_cast<int>(options_.min_face_px * kDetectedShare));
  }

  // The faces of this frame to embed; their qualities are left in qualities_.
  std::vector<EmbeddingCandidate> choose(const Frame& frame, const std::vector<Face>& faces,
                                         const TrackerUpdate& update) {
    const Stopwatch watch(times_.quality);
    const ImageView& image = frame.image.view;
    const std::vector<EmbeddingCandidate> eligible =
        plan_.eligible(update, image.width_px, image.height_px, frame.at);
    std::vector<EmbeddingPlan::Graded> graded;
    qualities_.clear();
    for (const EmbeddingCandidate& candidate : eligible) {
      const FaceQuality quality = grade_face(measure_face(image, faces[candidate.face]));
      graded.push_back({candidate.track, quality.overall});
      qualities_[candidate.track] = quality.overall;
    }
    std::vector<EmbeddingCandidate> chosen;
    for (const std::size_t index : plan_.choose(graded, frame.at))
      chosen.push_back(eligible[index]);
    return chosen;
  }

  Result<Template> embed(const ImageView& image, const Face& face) {
    const Stopwatch watch(times_.embed);
    ++counts_.embeddings;
    return engine_.embedder->embed(image, face.landmarks);
  }

  void fuse(const ActiveTrack& track, const Face& face, Template probe, float quality,
            const Frame& frame, std::vector<EyeMessage>& messages) {
    Known& known = known_.try_emplace(track.id, fusion_rules_).first->second;
    known.first_seen = track.first_seen;
    switch (known.fusion.add(std::move(probe), quality)) {
      case Fused::kImproved:
        report(track.id, known, face, frame, messages);
        break;
      case Fused::kUnchanged:
        if (frame.at - known.last_sent >= options_.repeat) {
          report(track.id, known, face, frame, messages);
        }
        break;
      case Fused::kSetAside:
        break;
      case Fused::kAnotherPerson:
        // The next update ends the old track; the newcomer dwells for himself first.
        tracker_.split(track.id);
        known_.erase(track.id);
        break;
    }
  }

  void report(TrackId id, Known& known, const Face& face, const Frame& frame,
              std::vector<EyeMessage>& messages) {
    std::optional<FusedTemplate> fused = known.fusion.fused();
    if (!fused) return;
    known.last_sent = frame.at;
    Sighting sighting;
    sighting.track = id;
    sighting.first_seen = known.first_seen;
    sighting.at = frame.at;
    sighting.position = frame.position;
    sighting.from_file = options_.from_file;
    sighting.box = face.box;
    sighting.quality = fused->quality;
    sighting.frames = fused->frames;
    sighting.probe = std::move(fused->probe);
    messages.emplace_back(std::move(sighting));
  }

  void end(const std::vector<TrackId>& ended, WallTime at, std::vector<EyeMessage>& messages) {
    for (const TrackId id : ended) {
      known_.erase(id);
      messages.emplace_back(TrackEnded{id, at});
    }
  }

  Engine engine_;
  const AnalysisOptions options_;
  FusionRules fusion_rules_;
  Tracker tracker_;
  EmbeddingPlan plan_;
  std::map<TrackId, Known> known_;
  std::map<TrackId, float> qualities_;  // of the present frame
  AnalysisCounts counts_;
  AnalysisTimes times_;
};

Analysis::Analysis(Engine engine, AnalysisOptions options)
    : state_(std::make_unique<State>(std::move(engine), options)) {}
Analysis::~Analysis() = default;
Analysis::Analysis(Analysis&&) noexcept = default;

Result<std::vector<EyeMessage>> Analysis::analyse(const Frame& frame) {
  return state_->analyse(frame);
}
std::vector<EyeMessage> Analysis::finish(WallTime at) { return state_->finish(at); }
AnalysisCounts Analysis::counts() const { return state_->counts(); }
AnalysisTimes Analysis::times() const { return state_->times(); }

}  // namespace maitred
