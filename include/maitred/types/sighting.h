// Messages from an eye to the core. link/eye_codec.h encodes them.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "maitred/base/time.h"
#include "maitred/types/face.h"
#include "maitred/types/ids.h"
#include "maitred/types/template.h"

namespace maitred {

// First message of an eye on a connection.
struct EyeHello {
  std::string camera;
  std::string engine;  // the engine of the templates that it sends
  std::uint32_t template_length = 0;
  std::int32_t pid = 0;
};

// A track that is in view, with its best template so far. It is sent when the track's fused
// template has improved, or as a slow re-check.
struct Sighting {
  TrackId track;
  WallTime first_seen{};     // the track's first frame
  WallTime at{};             // the frame that completed this template
  Milliseconds position{0};  // of that frame in a file; 0 for a live source
  bool from_file = false;
  Box box;
  float quality = 0.0F;      // of the fused template, 0 to 1
  std::uint32_t frames = 0;  // number of frames fused in the template
  Template probe;
};

struct TrackEnded {
  TrackId track;
  WallTime at{};
};

enum class EyeState : std::uint8_t { kConnecting, kRunning, kStalled, kEnded };

// Health of an eye, sent at least once a second.
struct EyeHealth {
  EyeState state = EyeState::kConnecting;
  double fps = 0.0;              // frames analysed per second, recently
  std::uint64_t frames = 0;      // analysed since start
  std::uint64_t dropped = 0;     // replaced in the frame slot before they were analysed
  std::uint64_t faces = 0;       // detected since start
  std::uint64_t tracks = 0;      // begun since start
  std::uint64_t embeddings = 0;  // templates computed since start
  std::uint64_t not_live = 0;    // tracks of a picture of a face, since start
  std::string note;              // one line for the operator, e.g. why it is stalled
  std::string backend;           // that computes its networks: onednn, opencv or dlib
};

using EyeMessage = std::variant<EyeHello, Sighting, TrackEnded, EyeHealth>;

}  // namespace maitred
