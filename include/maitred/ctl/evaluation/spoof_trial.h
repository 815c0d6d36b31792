// Error rates of presentation attack detection, in the terms of ISO/IEC 30107-3. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maitred {

// One presentation to the camera: a photo, or a film whose frames are fused.
struct Presentation {
  std::string kind;  // of attack ("print", "replay", ...); empty: a live face
  std::string name;  // shown in reports
  std::size_t frames = 0;
  std::optional<double> score;  // 0 an attack, 1 live; none: no face was found
};

struct SpoofRate {
  std::string kind;               // as in Presentation
  std::size_t presentations = 0;  // with a score
  std::size_t no_response = 0;    // without one; counted apart, neither right nor wrong
  std::size_t wrong = 0;
  double rate = 0.0, low = 0.0, high = 0.0;  // wrong / presentations, 95 % (Wilson)
};

struct SpoofTrial {
  double threshold = 0.0;             // live from this score
  SpoofRate bona_fide;                // BPCER: live faces taken for attacks
  std::vector<SpoofRate> attacks;     // APCER of each kind: attacks taken for live, by name
  std::vector<std::string> mistaken;  // names of the wrong decisions, at most 50
};

// The kind of attack in a folder of this name: "" for live faces ("live", "real", "genuine",
// "bona-fide",
// ...), else the name itself.
std::string attack_kind(std::string_view folder);

SpoofTrial judge_presentations(const std::vector<Presentation>& presentations, double threshold);

}  // namespace maitred
