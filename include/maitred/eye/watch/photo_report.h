// Reports on a photo for enrolment or identification: bytes in, one JSON object out. Runs in its
// own process, limited by limit_this_process.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "maitred/base/result.h"
#include "maitred/eye/vision/load_engine.h"
#include "maitred/eye/vision/quality.h"

namespace maitred {

// On success one JSON object in one line:
//   {"engine":"retail","template":"<base64 of float32, little endian, L2-normalised>","faces":1,
//    "box":[x,y,width,height],
//    "quality":{"size":…,"sharpness":…,"light":…,"pose":…,"overall":…},
//    "measures":{"width_px":…,"sharpness":…,"mean_light":…,"yaw":…,"roll_deg":…},
//    "live":true,"liveness":0.9,"live_from":0.15,   (null if it was not measured)
//    "warnings":["…"]}
// Errors: those of decode_photo, and no_face, several_faces, too_small, too_dark, too_bright,
// blurred, turned_away (kInput); a probe is refused only for no_face.
Result<std::string> report_photo(Engine& engine, std::span<const std::uint8_t> bytes,
                                 Purpose purpose);

// Reports on a decoded picture.
Result<std::string> report_image(Engine& engine, const ImageView& image, Purpose purpose);

// Returns the most prominent face, if any.
Result<std::optional<Face>> main_face(Engine& engine, const ImageView& image);

// Grades a picture for enrolment without making a template.
struct ImageGrade {
  std::optional<PhotoFault> fault;  // worst
  float quality = 0.0F;             // of the main face, 0 to 1; 0 if there is a fault
  std::optional<Face> face;         // the main face
};
Result<ImageGrade> grade_image(Engine& engine, const ImageView& image);

// Reports on photos one after the other, for an import. Each comes from `input` as its size in
// bytes (4 bytes, little endian) and its bytes; each is answered on `output` with the line of
// report_photo, or with error_json. Ends at the end of the
// input, after kPhotosInARow photos, or after a photo over the size limit. Errors: io_failed.
Status report_photos(Engine& engine, Purpose purpose, int input, int output);
inline constexpr int kPhotosInARow = 64;

// {"error":{"fault":2,"code":"…","message":"…"}}; the fault is the exit status it would give.
std::string error_json(const Error& error);

// Limits memory, processor time, files and core dumps of this process and forbids new privileges,
// before it decodes at most this many photos from outside. Cannot be undone. Error: limits_failed.
Status limit_this_process(int photos = 1);

// Disables core files and tracing: this process holds faces in memory.
void hide_this_process();

}  // namespace maitred
