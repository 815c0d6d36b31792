#include "maitred/eye/watch/live_enrolment.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "maitred/base/json.h"
#include "maitred/eye/tracking/liveness_fusion.h"
#include "maitred/eye/vision/face_motion.h"
#include "maitred/eye/vision/photo_template.h"
#include "maitred/eye/watch/photo_report.h"
#include "run_clock.h"

namespace maitred {
namespace {

using nlohmann::json;

const char* hint_of(const std::optional<PhotoFault>& fault) {
  if (!fault) return "good, stay like this";
  switch (*fault) {
    case PhotoFault::kNoFace:
      return "step in front of the camera and look at it";
    case PhotoFault::kSeveralFaces:
      return "one person at a time";
    case PhotoFault::kTooSmall:
      return "come closer";
    case PhotoFault::kTooDark:
      return "more light on the face";
    case PhotoFault::kTooBright:
      return "less light on the face";
    case PhotoFault::kBlurred:
      return "hold still";
    case PhotoFault::kTurnedAway:
      return "turn to the camera";
    case PhotoFault::kCovered:
      return "show the whole face";
  }
  return "";
}

struct Kept {
  Image image;
  Face face;
  float quality = 0.0F;
  Milliseconds at{0};
};

// Keeps the best frames that are at least `apart` from each other.
class BestFrames {
 public:
  BestFrames(std::size_t most, Milliseconds apart) : most_(most), apart_(apart) {}

  void offer(Kept frame) {
    const auto near = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& one) {
      return std::chrono::abs(one.at - frame.at) < apart_;
    });
    if (near != kept_.end()) {
      if (frame.quality > near->quality) *near = std::move(frame);
      return;
    }
    kept_.push_back(std::move(frame));
    if (kept_.size() <= most_) return;
    kept_.erase(std::min_element(kept_.begin(), kept_.end(), [](const Kept& a, const Kept& b) {
      return a.quality < b.quality;
    }));
  }
  std::vector<Kept>& kept() { return kept_; }

 private:
  const std::size_t most_;
  const Milliseconds apart_;
  std::vector<Kept> kept_;
};

class LiveRun {
 public:
  LiveRun(FrameSource& source, Engine& engine, const LiveEnrolment& options,
          const std::function<void(const std::string&)>& say)
      : source_(source),
        engine_(engine),
        options_(options),
        say_(say),
        best_(options.photos, options.apart) {}

  Status run() {
    RunClock clock;
    for (Milliseconds now{0}; now < options_.duration;) {
      MAITRED_ASSIGN(auto frame, source_.read());
      if (!frame) break;
      now = clock.at(*frame);
      MAITRED_TRY(look(std::move(frame->image), now));
    }
    return report();
  }

 private:
  Status look(Image image, Milliseconds now) {
    MAITRED_ASSIGN(const ImageGrade grade, grade_image(engine_, image.view));
    if (!grade.fault) {
      if (judges_liveness()) {
        liveness_.add_change(motion_.change(image.view, *grade.face), now);
      }
      best_.offer({std::move(image), *grade.face, grade.quality, now});
    }
    if (grade.fault) ++faults_[*grade.fault];
    if (now < next_hint_) return {};
    next_hint_ = now + options_.hint_every;
    const auto left = std::max(Milliseconds{0}, options_.duration - now);
    say_(json_text({{"hint", hint_of(grade.fault)},
                    {"good", best_.kept().size()},
                    {"seconds_left", static_cast<double>(left.count()) / 1000.0}}));
    return {};
  }

  bool judges_liveness() const { return engine_.liveness && options_.purpose == Purpose::kProbe; }

  // Adjusts the liveness of one frame to how the face moved in all of them.
  json judged(json photo) const {
    if (!photo["liveness"].is_number()) return photo;
    const float score = liveness_.judged(photo["liveness"].get<float>());
    photo["liveness"] = score;
    photo["live"] = score >= kLiveFrom;
    return photo;
  }

  Status report() {
    std::vector<Kept>& kept = best_.kept();
    if (kept.empty()) {
      const auto worst = std::max_element(faults_.begin(), faults_.end(),
                                          [](auto& a, auto& b) { return a.second < b.second; });
      return input_error("no_good_picture",
                         worst == faults_.end()
                             ? std::string("the camera gave no picture")
                             : "no picture was good enough; most frequent fault: " +
                                   std::string(photo_fault_message(worst->first)));
    }
    std::sort(kept.begin(), kept.end(),
              [](const Kept& a, const Kept& b) { return a.quality > b.quality; });
    std::optional<Template> of_best;
    json photos = json::array();
    for (const Kept& one : kept) {
      MAITRED_ASSIGN(Template probe, embed_photo(*engine_.embedder, one.image.view, one.face));
      if (!of_best) {
        of_best = std::move(probe);
      } else if (similarity(*of_best, probe) < options_.another_person_below) {
        return input_error("several_people",
                           "the camera saw more than one person; let one person stand in front of "
                           "it");
      }
      MAITRED_ASSIGN(const std::string line,
                     report_image(engine_, one.image.view, options_.purpose));
      photos.push_back(judged(json::parse(line)));
    }
    say_(json_text({{"photos", std::move(photos)}}));
    return {};
  }

  FrameSource& source_;
  Engine& engine_;
  const LiveEnrolment options_;
  const std::function<void(const std::string&)>& say_;
  BestFrames best_;
  std::map<PhotoFault, int> faults_;
  FaceMotion motion_;
  LivenessFusion liveness_{LivenessRules{.live_from = kLiveFrom}};
  Milliseconds next_hint_{0};
};

}  // namespace

Status enrol_live(FrameSource& source, Engine& engine, const LiveEnrolment& options,
                  const std::function<void(const std::string& line)>& say) {
  return LiveRun(source, engine, options, say).run();
}

}  // namespace maitred
