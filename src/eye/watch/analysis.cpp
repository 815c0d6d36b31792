#include "maitred/eye/watch/analysis.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "maitred/eye/tracking/detection_plan.h"
#include "maitred/eye/tracking/embedding_plan.h"
#include "maitred/eye/tracking/liveness_fusion.h"
#include "maitred/eye/tracking/track_fusion.h"
#include "maitred/eye/tracking/tracker.h"
#include "maitred/eye/vision/quality.h"
#include "motion_gate.h"

namespace maitred {
namespace {

// Tracks begin on faces a little smaller than the least that is embedded. When a customer who comes
// nearer is large enough, the track is then confirmed and its dwell time may be over.
constexpr double kDetectedShare = 0.75;
// Time between detections in the whole picture; in between only the zone and its surroundings are
// searched. People who pass outside are counted, so that a misplaced zone shows in the figures.
constexpr Milliseconds kWholeEvery{1000};
// If the camera's clock goes back further than this, it has been set. Smaller steps are waited out.
constexpr Milliseconds kSetBack{1000};
// The zone is searched alone if its surroundings are less than this share of the picture.
constexpr double kMuchSmaller = 0.8;

// Adds its lifetime to a sum.
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
  rules.zone = Zone::of(options.zone);
  rules.dwell = options.dwell;
  return rules;
}

// The zone with the margin that the detector needs to find a face at its edge.
ImageArea surroundings(const AnalysisOptions& options, const ImageView& image) {
  const auto side = [&](double from, double to, int length_px) {
    const double margin_px = std::max(1.5 * options.min_face_px, length_px / 12.0);
    const int first = std::clamp(static_cast<int>(from * length_px - margin_px), 0, length_px - 1);
    const int last =
        std::clamp(static_cast<int>(to * length_px + margin_px) + 1, first + 1, length_px);
    return std::pair(first, last - first);
  };
  const auto [x_px, width_px] = side(options.zone[0], options.zone[2], image.width_px);
  const auto [y_px, height_px] = side(options.zone[1], options.zone[3], image.height_px);
  const double share = static_cast<double>(width_px) * height_px /
                       (static_cast<double>(image.width_px) * image.height_px);
  if (share > kMuchSmaller) return {0, 0, image.width_px, image.height_px};
  return {x_px, y_px, width_px, height_px};
}

ImageView part_of(const ImageView& image, const ImageArea& area) {
  return {image.data + static_cast<std::size_t>(area.y_px) * image.stride_bytes +
              3 * static_cast<std::size_t>(area.x_px),
          area.width_px, area.height_px, image.stride_bytes};
}

// The state of one track apart from its place. Its templates are wiped on destruction.
struct TrackState {
  explicit TrackState(const FusionRules& rules) : fusion(rules) {}
  TrackFusion fusion;
  LivenessFusion liveness{LivenessRules{.live_from = kLiveFrom}};
  WallTime first_seen{};
  WallTime last_sent{};
};

}  // namespace

class Analysis::Impl {
 public:
  Impl(Engine engine, AnalysisOptions options)
      : engine_(std::move(engine)),
        options_(options),
        gate_(static_cast<int>(options.min_face_px * kDetectedShare)),
        plan_(rules_of(options)) {
    fusion_rules_.another_person_below = options.another_person_below;
  }

  Result<std::vector<EyeMessage>> analyse(const Frame& frame) {
    std::vector<EyeMessage> messages;
    if (last_at_ && frame.at + kSetBack < *last_at_) begin_again(frame.at, messages);
    last_at_ = frame.at;
    if (frame.extra && demand_ != Demand::kQuick) return messages;
    const Stopwatch total(times_.total);
    const ImageView& image = frame.image.view;
    ++counts_.frames;
    if (image.empty() || !worth_detecting(image, frame.at)) return messages;
    MAITRED_ASSIGN(const std::vector<Face> faces, detect(image, frame.at));
    counts_.faces += faces.size();
    ++counts_.detections;

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
      MAITRED_TRY(check_liveness(track.id, image, face));
      fuse(track, face, std::move(probe), quality, frame, messages);
    }
    demand_ = demand_of(update, image, frame.at);
    return messages;
  }

  std::vector<EyeMessage> finish(WallTime at) {
    std::vector<EyeMessage> messages;
    end(tracker_.end_all(), at, messages);
    states_.clear();
    return messages;
  }

  AnalysisCounts counts() const { return counts_; }
  AnalysisTimes times() const { return times_; }

 private:
  // Drops everything that was timed by the old clock.
  void begin_again(WallTime at, std::vector<EyeMessage>& messages) {
    end(tracker_.end_all(), at, messages);
    states_.clear();
    plan_ = EmbeddingPlan(rules_of(options_));
    detections_ = DetectionPlan();
    last_whole_.reset();
    demand_ = Demand::kNobody;
  }

  bool worth_detecting(const ImageView& image, WallTime at) {
    const Stopwatch watch(times_.gate);
    area_ = surroundings(options_, image);
    const bool moved = gate_.moved(part_of(image, area_));
    // The demand grows as dwell times and re-checks fall due.
    const Demand demand = demand_ == Demand::kSettled ? demand_of_those_in_view(at) : demand_;
    if (!detections_.due(demand, moved, at)) return false;
    detections_.detected(at);
    gate_.remember();
    return true;
  }

  // Ignores tracks outside the surroundings of the zone: they are seen only in the whole picture.
  Demand demand_of(const TrackerUpdate& update, const ImageView& image, WallTime at) const {
    const Zone area{
        static_cast<float>(area_.x_px) / static_cast<float>(image.width_px),
        static_cast<float>(area_.y_px) / static_cast<float>(image.height_px),
        static_cast<float>(area_.x_px + area_.width_px) / static_cast<float>(image.width_px),
        static_cast<float>(area_.y_px + area_.height_px) / static_cast<float>(image.height_px)};
    Demand demand = Demand::kNobody;
    for (const ActiveTrack& track : update.active) {
      if (!area.contains(track.box.centre(), image.width_px, image.height_px)) continue;
      if (!track.confirmed) return Demand::kQuick;
      demand = Demand::kSettled;
    }
    return demand == Demand::kSettled ? demand_of_those_in_view(at) : demand;
  }

  Demand demand_of_those_in_view(WallTime at) const {
    if (plan_.lacks_quick_frames(at)) return Demand::kQuick;
    return plan_.lacks_frames(at) ? Demand::kFrames : Demand::kSettled;
  }

  Result<std::vector<Face>> detect(const ImageView& image, WallTime at) {
    const Stopwatch watch(times_.detect);
    const int least_px = static_cast<int>(options_.min_face_px * kDetectedShare);
    const bool is_part = area_.width_px < image.width_px || area_.height_px < image.height_px;
    if (is_part && last_whole_ && at >= *last_whole_ && at - *last_whole_ < kWholeEvery) {
      return engine_.detector->detect_within(image, area_, least_px);
    }
    last_whole_ = at;
    return engine_.detector->detect(image, least_px);
  }

  // Returns the faces of this frame to embed and stores their qualities in qualities_.
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

  Status check_liveness(TrackId id, const ImageView& image, const Face& face) {
    if (!options_.only_live || !engine_.liveness) return {};
    const Stopwatch watch(times_.embed);
    MAITRED_ASSIGN(const float score, engine_.liveness->score(image, face));
    states_.try_emplace(id, fusion_rules_).first->second.liveness.add(score);
    return {};
  }

  void fuse(const ActiveTrack& track, const Face& face, Template probe, float quality,
            const Frame& frame, std::vector<EyeMessage>& messages) {
    TrackState& state = states_.try_emplace(track.id, fusion_rules_).first->second;
    state.first_seen = track.first_seen;
    switch (state.fusion.add(std::move(probe), quality)) {
      case Fused::kImproved:
        report(track.id, state, face, frame, messages);
        break;
      case Fused::kUnchanged:
        if (frame.at - state.last_sent >= options_.repeat) {
          report(track.id, state, face, frame, messages);
        }
        break;
      case Fused::kSetAside:
        break;
      case Fused::kAnotherPerson:
        // The next update ends the old track; the new track serves its own dwell time.
        tracker_.split(track.id);
        states_.erase(track.id);
        break;
    }
  }

  void report(TrackId id, TrackState& state, const Face& face, const Frame& frame,
              std::vector<EyeMessage>& messages) {
    std::optional<FusedTemplate> fused = state.fusion.fused();
    if (!fused || (options_.only_live && state.liveness.live() != true)) return;
    state.last_sent = frame.at;
    Sighting sighting;
    sighting.track = id;
    sighting.first_seen = state.first_seen;
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
      const auto state = states_.find(id);
      if (state != states_.end()) {
        counts_.not_live += state->second.liveness.live() == false ? 1 : 0;
        states_.erase(state);
      }
      messages.emplace_back(TrackEnded{id, at});
    }
  }

  Engine engine_;
  const AnalysisOptions options_;
  FusionRules fusion_rules_;
  MotionGate gate_;
  DetectionPlan detections_;
  Demand demand_ = Demand::kNobody;  // after the last detection
  ImageArea area_;                   // the surroundings of the zone in the present frame
  std::optional<WallTime> last_whole_;
  std::optional<WallTime> last_at_;
  Tracker tracker_;
  EmbeddingPlan plan_;
  std::map<TrackId, TrackState> states_;
  std::map<TrackId, float> qualities_;  // of the present frame
  AnalysisCounts counts_;
  AnalysisTimes times_;
};

Analysis::Analysis(Engine engine, AnalysisOptions options)
    : impl_(std::make_unique<Impl>(std::move(engine), options)) {}
Analysis::~Analysis() = default;
Analysis::Analysis(Analysis&&) noexcept = default;

Result<std::vector<EyeMessage>> Analysis::analyse(const Frame& frame) {
  return impl_->analyse(frame);
}
std::vector<EyeMessage> Analysis::finish(WallTime at) { return impl_->finish(at); }
AnalysisCounts Analysis::counts() const { return impl_->counts(); }
AnalysisTimes Analysis::times() const { return impl_->times(); }

}  // namespace maitred
