// Measures from pixels and landmarks how fit a face is for recognition, and refuses photos unfit
// for enrolment. Terms of ISO/IEC 29794-5 (face image quality).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "maitred/base/result.h"
#include "maitred/types/face.h"
#include "maitred/types/image.h"

namespace maitred {

// Measures of one face.
struct FaceMeasures {
  float width_px = 0.0F;      // of the face in the image
  float sharpness = 0.0F;     // fine to coarse detail in the least sharp direction, at the scale of
                              // recognition; about 1, less if blurred
  float mean_light = 0.0F;    // grey of the aligned face, 0 to 255
  float contrast = 0.0F;      // its standard deviation, 0 to 127
  float dark_share = 0.0F;    // of its pixels under 16
  float bright_share = 0.0F;  // of its pixels over 250
  float features = 1.0F;  // least contrast of eyes and mouth, relative to the face; about 1, near 0
                          // if a hand or a mask covers one
  float yaw =
      0.0F;  // nose against the middle of the eyes: 0 frontal, about +-1 half profile, to +-2
  float pitch = 0.0F;     // nose between eyes and mouth; 0 in its usual place
  float aspect = 1.3F;    // height of the box by its width; 1 if the detector gives squares only. A
                          // face on its side is wider than high
  float roll_deg = 0.0F;  // of the line of the eyes
};

// Requires a non-empty image. Pure.
FaceMeasures measure_face(const ImageView& image, const Face& face);

// Grades each part from 0 to 1. `overall` is the weight of the face in fusion. Pure.
FaceQuality grade_face(const FaceMeasures& measures);

// The reason why a photo is refused for enrolment.
enum class PhotoFault {
  kNoFace,
  kSeveralFaces,
  kTooSmall,
  kTooDark,
  kTooBright,
  kBlurred,
  kTurnedAway,
  kCovered
};
// "no_face", "several_faces", "too_small", "too_dark", "too_bright", "blurred", "turned_away",
// "covered".
std::string_view photo_fault_code(PhotoFault fault);
// Says in one line what is wrong and what to do.
std::string_view photo_fault_message(PhotoFault fault);

enum class Purpose {
  kEnrol,  // every fault refuses
  kProbe   // only a photo without a face is refused; the most prominent face counts
};

// The subject of a photo, by its index in `faces`, or the reason why there is none. The subject is
// the most prominent face: large and near the middle. Only a face that is nearly as prominent makes
// it several faces; a passer-by in the background does not.
struct MainFace {
  std::optional<std::size_t> index;
  std::optional<PhotoFault> fault;
};
MainFace choose_main_face(std::span<const Face> faces, const ImageView& image, Purpose purpose);

// Returns the worst fault of the face for enrolment, if any. Pure.
std::optional<PhotoFault> enrolment_fault(const FaceMeasures& measures);

}  // namespace maitred
