// Runs maitred-eye for a short time and reads its report. maitred-eye is a program of its own, so
// that no camera is opened here.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "camera_photos.h"
#include "maitred/base/result.h"
#include "maitred/base/time.h"

namespace maitred {

// Returns maitred-eye beside this program, or else the installed one.
std::filesystem::path eye_program();

// `maitred-eye --measure CAMERA`: frames, fps, width, height, mean_light. Errors: those of the
// report; trial_failed (kEnvironment) when the eye dies or takes longer than `patience`.
Result<nlohmann::json> measure_camera(const std::filesystem::path& settings_file,
                                      const std::string& camera, Milliseconds patience);

// `maitred-eye --liveness FILM`: frames, faces, liveness, live_from. Errors as above.
Result<nlohmann::json> measure_liveness(const std::filesystem::path& settings_file,
                                        const std::filesystem::path& film, Milliseconds patience);

// `maitred-eye --enrol SECONDS --purpose PURPOSE CAMERA`: calls `on_hint` with each hint ("hint",
// "good", "seconds_left") and returns the reports of the best pictures, a list. Errors: those of
// the eye (no_good_picture, several_people, camera_absent, ...); trial_failed (kEnvironment).
Result<nlohmann::json> watch_camera(const std::filesystem::path& settings_file,
                                    const CameraPhotos& wanted,
                                    const std::function<void(const nlohmann::json& hint)>& on_hint);

// `maitred-eye --placement SECONDS CAMERA`: calls `on_progress` with "seconds_left" and "people",
// and returns what was seen (eye/placement_watch.h). Errors as above.
Result<nlohmann::json> watch_placement(
    const std::filesystem::path& settings_file, const std::string& camera, double seconds,
    const std::function<void(const nlohmann::json& progress)>& on_progress);

// The error that maitred-eye reports, field by field; a field that is missing or of the wrong type
// is taken from `otherwise`. Pure.
Error eye_error(const nlohmann::json& reported, Error otherwise);

// Reads the one object of a short run. `none` is the message if there is no object. Pure.
Result<nlohmann::json> read_eye_report(std::string_view text, const std::string& none);

}  // namespace maitred
