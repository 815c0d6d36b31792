// A line that maitred-eye might write about a photo.
#pragma once

#include <nlohmann/json.hpp>

namespace maitred {

inline nlohmann::json photo_report() {
  return {{"engine", "retail"},
          {"template", "AACAPwAAAAA="},
          {"faces", 1},
          {"box", {220.0, 140.0, 200.0, 200.0}},
          {"quality",
           {{"size", 1.0}, {"sharpness", 0.8}, {"light", 0.9}, {"pose", 1.0}, {"overall", 0.85}}},
          {"measures",
           {{"width_px", 200.0},
            {"sharpness", 0.4},
            {"mean_light", 0.5},
            {"contrast", 0.2},
            {"features", 0.3},
            {"yaw", -0.1},
            {"pitch", 0.1},
            {"aspect", 0.8},
            {"roll_deg", -2.5}}},
          {"live", nullptr},
          {"liveness", nullptr},
          {"live_from", 0.15},
          {"warnings", nlohmann::json::array()}};
}

}  // namespace maitred
