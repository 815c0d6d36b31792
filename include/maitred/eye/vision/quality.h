// How fit a face is for recognition, measured from its pixels and landmarks, and what must not be
// enrolled. Terms of ISO/IEC 29794-5 (face image quality).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "maitred/base/result.h"
#include "maitred/types/face.h"
#include "maitred/types/image.h"

namespace maitred {

// What is measured on one face.
struct FaceMeasures {
  float width_px = 0.0F;    // of the face in the image
  float sharpness = 0.0F;   // fine against coarse detail in the direction that has least of it, at
                            // the scale at which the face is recognised; about 1, less if blurred
  float mean_light = 0.0F;  // grey of the aligned face, 0 to 255
  float contrast = 0.0F;    // its standard deviation, 0 to 127
  float dark_share = 0.0F;  // of its pixels under 16
  float bright_share = 0.0F;  // of its pixels over 250
  float features = 1.0F;  // contrast of the eye or mouth that has least of it, against the face's;
                          // about 1, near 0 where a hand or a mask covers it
  float yaw =
      0.0F;  // nose against the middle of the eyes: 0 frontal, about +-1 half profile, to +-2
  float pitch = 0.0F;     // nose between eyes and mouth, 0 where it usually lies
  float aspect = 1.3F;    // height of the face's box against its width; 1 where a detector gives
                          // squares only. A face on its side is wider than high
  float roll_deg = 0.0F;  // of the line of the eyes
};

// Requires a non-empty image. Pure.
FaceMeasures measure_face(const ImageView& image, const Face& face);

// Each part 0 to 1; `overall` is the weight of the face in fusion. Pure.
FaceQuality grade_face(const FaceMeasures& measures);

// Why a photo is refused for enrolment.
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
// What is wrong and what to do, in one line.
std::string_view photo_fault_message(PhotoFault fault);

enum class Purpose {
  kEnrol,  // every fault refuses
  kProbe   // only the want of a face refuses; of several the most prominent counts
};

// The face a photo is about, by its index in `faces`, or why there is none. It is the most
// prominent one: large, and near the middle. Others count as several people only when they are
// nearly as prominent; passers-by behind do not.
struct MainFace {
  std::optional<std::size_t> index;
  std::optional<PhotoFault> fault;
};
MainFace choose_main_face(std::span<const Face> faces, const ImageView& image, Purpose purpose);

// The worst fault of the face for enrolment, if any. Pure.
std::optional<PhotoFault> enrolment_fault(const FaceMeasures& measures);

}  // namespace maitred
