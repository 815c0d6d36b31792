#include "maitred/eye/watch/placement_watch.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "maitred/base/json.h"
#include "maitred/eye/tracking/embedding_plan.h"
#include "maitred/eye/tracking/tracker.h"
#include "maitred/eye/vision/quality.h"
#include "run_clock.h"

namespace maitred {
namespace {

using nlohmann::json;

constexpr std::size_t kMostPeople = 200;
// Smaller faces are reported too: they are the fault to find.
constexpr int kSmallestFace_px = 16;

struct Passer {
  std::size_t frames = 0;
  std::optional<WallTime> entered;  // when it entered the zone; empty while outside
  Milliseconds longest{0};          // longest time in the zone
  bool best_in_zone = false;
  float best_quality = -1.0F;
  FaceMeasures best;
};

class PlacementRun {
 public:
  PlacementRun(FrameSource& source, Engine& engine, const PlacementWatch& watch,
               const std::function<void(const std::string&)>& say)
      : source_(source), engine_(engine), watch_(watch), say_(say), zone_(Zone::of(watch.zone)) {}

  Status run() {
    RunClock clock;
    Milliseconds now{0};
    Milliseconds next_word{0};
    for (; now < watch_.duration; ++frames_) {
      MAITRED_ASSIGN(const auto frame, source_.read());
      if (!frame) break;
      now = clock.at(*frame);
      MAITRED_TRY(look_at_frame(frame->image.view, WallTime{now}));
      if (now < next_word) continue;
      next_word = now + watch_.tell_every;
      const auto left = std::max(Milliseconds{0}, watch_.duration - now);
      say_(json_text({{"seconds_left", static_cast<double>(left.count()) / 1000.0},
                      {"people", passers_.size()}}));
    }
    tell_all(now);
    return {};
  }

 private:
  Status look_at_frame(const ImageView& image, WallTime at) {
    width_px_ = image.width_px;
    height_px_ = image.height_px;
    MAITRED_ASSIGN(const std::vector<Face> faces,
                   engine_.detector->detect(image, kSmallestFace_px));
    const TrackerUpdate update = tracker_.update(faces, at);
    for (const ActiveTrack& track : update.active) {
      if (!track.confirmed || !track.face) continue;
      if (passers_.size() >= kMostPeople && !passers_.contains(track.id)) continue;
      note(passers_[track.id], image, faces[*track.face], at);
    }
    return {};
  }

  void note(Passer& passer, const ImageView& image, const Face& face, WallTime at) {
    ++passer.frames;
    const bool inside = zone_.contains(face.box.centre(), image.width_px, image.height_px);
    if (!inside) passer.entered.reset();
    if (inside && !passer.entered) passer.entered = at;
    if (inside) {
      passer.longest =
          std::max(passer.longest, std::chrono::duration_cast<Milliseconds>(at - *passer.entered));
    }
    if (passer.best_in_zone && !inside) return;
    const FaceMeasures measures = measure_face(image, face);
    const float quality = grade_face(measures).overall;
    if (inside == passer.best_in_zone && quality <= passer.best_quality) return;
    passer.best_in_zone = inside;
    passer.best_quality = quality;
    passer.best = measures;
  }

  void tell_all(Milliseconds lasted) {
    json people = json::array();
    for (const auto& [id, passer] : passers_) {
      people.push_back({{"frames", passer.frames},
                        {"zone_ms", passer.longest.count()},
                        {"in_zone", passer.best_in_zone},
                        {"width_px", passer.best.width_px},
                        {"sharpness", passer.best.sharpness},
                        {"mean_light", passer.best.mean_light},
                        {"yaw", passer.best.yaw},
                        {"pitch", passer.best.pitch},
                        {"quality", passer.best_quality}});
    }
    say_(json_text({{"placement",
                     {{"frames", frames_},
                      {"seconds", static_cast<double>(lasted.count()) / 1000.0},
                      {"width", width_px_},
                      {"height", height_px_},
                      {"people", std::move(people)}}}}));
  }

  FrameSource& source_;
  Engine& engine_;
  const PlacementWatch watch_;
  const std::function<void(const std::string&)>& say_;
  const Zone zone_;
  Tracker tracker_;
  std::map<TrackId, Passer> passers_;
  std::size_t frames_ = 0;
  int width_px_ = 0;
  int height_px_ = 0;
};

}  // namespace

Status watch_placement(FrameSource& source, Engine& engine, const PlacementWatch& watch,
                       const std::function<void(const std::string& line)>& say) {
  return PlacementRun(source, engine, watch, say).run();
}

}  // namespace maitred
