// A photo for enrolment or identification: bytes in, one JSON object out. Runs in a process of its
// own, limited by limit_this_process.
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
//    "live":true,"liveness":0.9,"live_from":0.15,   (null where it was not looked at)
//    "warnings":["…"]}
// Errors: those of decode_photo, and no_face, several_faces, too_small, too_dark, too_bright,
// blurred, turned_away (kInput); a probe is refused only for no_face.
Result<std::string> report_photo(Engine& engine, std::span<const std::uint8_t> bytes,
                                 Purpose purpose);

// The same of a picture that is decoded already.
Result<std::string> report_image(Engine& engine, const ImageView& image, Purpose purpose);

// The most prominent face, or none.
Result<std::optional<Face>> main_face(Engine& engine, const ImageView& image);

// How good a picture is for enrolment, without a template.
struct ImageGrade {
  std::optional<PhotoFault> fault;  // worst
  float quality = 0.0F;             // 0 to 1; of the main face, when there is no fault
  std::optional<Face> face;         // the main one
};
Result<ImageGrade> grade_image(Engine& engine, const ImageView& image);

// Photos one after the other, for an import: each comes from `input` as its size in bytes (4 bytes,
// little endian) and its bytes, each is answered on `output` with the line of report_photo, or with
// {"error":{"fault":2,"code":"…","message":"…"}}. Until the end of the input, after kPhotosInARow
// photos, or after one that is too large to be read. Errors: io_failed.
Status report_photos(Engine& engine, Purpose purpose, int input, int output);
inline constexpr int kPhotosInARow = 64;

// {"error":{"code":"…","message":"…"}}
std::string error_json(const Error& error);

// Memory, processor time, files and core dumps of this process, and no new privileges: for
// decoding bytes from outside, so many photos at most. Not to be undone. Error: limits_failed.
Status limit_this_process(int photos = 1);

// No core file, and not to be traced: there are faces in this memory.
void hide_this_process();

}  // namespace maitred
