// A made-up person: the numbers from which a face is drawn. The same seed is always the same
// person, and thousands of seeds are thousands of different people.
//
// Face coordinates: origin between nose bridge and nose tip, x to the image's right, y down, in
// units of half an average face's width. Eyes lie near y = -0.1, the chin near 1.3, the crown near
// -1.4.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

namespace maitred::drawn {

using Colour = cv::Scalar;  // BGR, 0 to 255

enum class HairStyle {
  kBald,
  kBuzz,
  kShort,
  kSidePart,
  kFringe,
  kCurly,
  kAfro,
  kLongStraight,
  kLongWavy,
  kBob,
  kBun,
  kPonytails,
  kReceding,
  kSidesOnly,
  kQuiff,
  kHeadscarf
};
enum class BeardStyle { kNone, kStubble, kGoatee, kChinStrap, kFull, kLong };
enum class MoustacheStyle { kNone, kThin, kThick, kHandlebar };
enum class GlassesStyle { kNone, kRound, kSquare, kHalfRim, kCatEye, kLarge };

struct HeadShape {
  double cheek_width, jaw_power, jaw_width, chin_y, crown_y, ear_size, ear_y, neck_width;
};
struct Mole {
  double x, y, radius;
};
struct Skin {
  Colour colour;
  double blush, wrinkles;
  int freckles;
  std::vector<Mole> moles;
};
struct Eyes {
  double spacing, y, width, openness, tilt, iris_size, lashes, bags, hooded;
  Colour iris, shadow;
  double shadow_strength;
};
struct Brows {
  double gap, length, thickness, arch, tilt, inner;
  Colour colour;
};
struct Nose {
  double tip_y, width, tip, bridge, hump;
};
struct Mouth {
  double y, width, upper, lower, bow, corner;
  Colour colour;
};
struct Hair {
  HairStyle style;
  Colour colour, streak;
  double hairline, volume, part, length, temple;
};
struct FacialHair {
  BeardStyle beard;
  MoustacheStyle moustache;
  Colour colour;
  double density, line;
};
struct Glasses {
  GlassesStyle style;
  Colour colour;
  double thickness, size, tint;
};
struct Extras {
  double earrings;  // radius, 0 for none
  Colour earring_colour;
  bool bindi, scar;
  double scar_x, scar_y;
};

struct DrawnPerson {
  std::uint64_t seed = 0;
  HeadShape head{};
  Skin skin{};
  Eyes eyes{};
  Brows brows{};
  Nose nose{};
  Mouth mouth{};
  Hair hair{};
  FacialHair facial_hair{};
  Glasses glasses{};
  Extras extras{};
};

// Pure.
DrawnPerson make_person(std::uint64_t seed);

}  // namespace maitred::drawn
