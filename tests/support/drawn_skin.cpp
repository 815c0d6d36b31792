// Torso, skin, marks, nose: what lies under everything else.
#include <algorithm>
#include <array>
#include <cmath>

#include "tests/support/drawn_parts.h"
#include "tests/support/drawn_random.h"

namespace maitred::drawn {

Colour darker(const Colour& colour, double share) { return colour * (1.0 - share); }

Colour lighter(const Colour& colour, double share) {
  return colour * (1.0 - share) + Colour(255, 255, 255) * share;
}

double half_width_at(const HeadShape& head, double y) {
  if (y >= 0.0) {
    const double down = std::clamp(y / head.chin_y, 0.0, 1.0);
    return head.cheek_width *
           std::pow(1.0 - std::pow(down, head.jaw_power), 0.85 - 0.5 * head.jaw_width);
  }
  const double up = std::clamp(y / head.crown_y, 0.0, 1.0);
  return head.cheek_width * std::sqrt(1.0 - std::pow(up, 2.3));
}

Path face_outline(const HeadShape& head) {
  constexpr int kSteps = 48;
  Path right;
  for (int i = 0; i <= kSteps; ++i) {
    const double angle = CV_PI * i / kSteps;  // 0 at the crown, pi at the chin
    const double y =
        std::cos(angle) > 0.0 ? head.crown_y * std::cos(angle) : -head.chin_y * std::cos(angle);
    right.push_back({half_width_at(head, y), y, 0.0});
  }
  Path out = right;
  const Path left = mirrored(right);
  out.insert(out.end(), left.begin(), left.end());
  return out;
}

namespace {
constexpr double kHem = 9.0;  // of the clothes
}

void paint_torso(Canvas& canvas, const DrawnPerson& person, std::uint64_t clothes) {
  Random random(clothes ^ 0xC10735ULL);
  Colour cloth;
  for (int i = 0; i < 3; ++i) cloth[i] = random.uniform(25.0, 215.0);
  const double w = person.head.neck_width;
  const double top = person.head.chin_y - 0.45;
  const Path neck = {{-w, top, 0}, {w, top, 0}, {w * 1.1, 2.3, 0}, {-w * 1.1, 2.3, 0}};
  canvas.fill(neck, darker(person.skin.colour, 0.14));
  const Path shoulders = smooth({{-w * 1.05, 1.72, 0},
                                 {-1.3, 2.0, 0},
                                 {-1.95, 2.45, 0},
                                 {-2.2, 4.2, 0},
                                 {-2.05, kHem, 0},
                                 {2.05, kHem, 0},
                                 {2.2, 4.2, 0},
                                 {1.95, 2.45, 0},
                                 {1.3, 2.0, 0},
                                 {w * 1.05, 1.72, 0},
                                 {0.0, 2.12, 0}},
                                true);
  canvas.fill(shoulders, cloth);
  switch (random.whole(0, 3)) {
    case 0:  // a shirt's collar
      canvas.paint({{-w, 1.7, 0}, {0, 2.2, 0}, {-0.45, 2.5, 0}}, lighter(cloth, 0.35));
      canvas.paint({{w, 1.7, 0}, {0, 2.2, 0}, {0.45, 2.5, 0}}, lighter(cloth, 0.35));
      break;
    case 1:  // stripes
      for (int i = 0; i < 16; ++i) {
        const double y = 2.5 + 0.35 * i;
        canvas.paint({{-2.0, y, 0}, {2.0, y, 0}, {2.0, y + 0.13, 0}, {-2.0, y + 0.13, 0}},
                     darker(cloth, 0.35));
      }
      break;
    default:
      break;
  }
  canvas.soften({{-w, person.head.chin_y - 0.2, 0},
                 {w, person.head.chin_y - 0.2, 0},
                 {w * 0.8, person.head.chin_y + 0.28, 0},
                 {-w * 0.8, person.head.chin_y + 0.28, 0}},
                darker(person.skin.colour, 0.5), 0.55, 0.2, neck);
}

namespace {

void paint_ears(Canvas& canvas, const DrawnPerson& person) {
  const HeadShape& head = person.head;
  for (const double side : {-1.0, 1.0}) {
    const double x = side * (head.cheek_width + 0.02);
    canvas.fill(ellipse(x, head.ear_y, head.ear_size * 0.5, head.ear_size, 0.0),
                darker(person.skin.colour, 0.07));
    canvas.soften(
        ellipse(x + side * 0.02, head.ear_y, head.ear_size * 0.25, head.ear_size * 0.6, 0.0),
        darker(person.skin.colour, 0.4), 0.5, 0.07);
  }
}

void paint_relief(Canvas& canvas, const DrawnPerson& person, const Path& outline) {
  const Colour& skin = person.skin.colour;
  // The sides of the face fall away from the viewer.
  for (const double side : {-1.0, 1.0}) {
    canvas.soften({{side * 0.98, -0.7, 0.2},
                   {side * 1.2, 0.0, 0},
                   {side * 0.9, 1.1, 0},
                   {side * 0.62, 0.95, 0.5},
                   {side * 0.8, 0.3, 0.5}},
                  darker(skin, 0.4), 0.5, 0.4, outline);
    canvas.soften(ellipse(side * person.eyes.spacing, person.eyes.y - 0.03, 0.28, 0.17),
                  darker(skin, 0.42), 0.55, 0.18, outline);
    canvas.soften(ellipse(side * 0.56, 0.36, 0.22, 0.16), lighter(skin, 0.35), 0.35, 0.28, outline);
    if (person.skin.blush > 0.0) {
      canvas.soften(ellipse(side * 0.58, 0.42, 0.24, 0.18), Colour(90, 80, 225), person.skin.blush,
                    0.3, outline);
    }
  }
  canvas.soften(ellipse(0.0, -0.62, 0.55, 0.24), lighter(skin, 0.4), 0.35, 0.4, outline);
  canvas.soften(ellipse(0.0, person.head.chin_y - 0.16, 0.22, 0.1), lighter(skin, 0.3), 0.35, 0.2,
                outline);
  canvas.soften({{-0.5, person.head.chin_y - 0.05, 0.2},
                 {0.5, person.head.chin_y - 0.05, 0.2},
                 {0.3, person.head.chin_y + 0.1, 0},
                 {-0.3, person.head.chin_y + 0.1, 0}},
                darker(skin, 0.45), 0.45, 0.2, outline);
}

}  // namespace

void paint_skin(Canvas& canvas, const DrawnPerson& person) {
  if (person.hair.style != HairStyle::kHeadscarf) paint_ears(canvas, person);
  const Path outline = face_outline(person.head);
  canvas.fill(outline, person.skin.colour);
  paint_relief(canvas, person, outline);
}

namespace {

void paint_wrinkles(Canvas& canvas, const DrawnPerson& person) {
  const double strength = person.skin.wrinkles;
  const Colour line = darker(person.skin.colour, 0.45);
  for (const double side : {-1.0, 1.0}) {
    canvas.stroke(smooth({{side * 0.27, person.nose.tip_y + 0.03},
                          {side * 0.40, person.mouth.y - 0.18},
                          {side * 0.46, person.mouth.y + 0.02}},
                         false),
                  line, 0.025, 0.15 + 0.5 * strength);
    if (strength < 0.3) continue;
    const double x = side * (person.eyes.spacing + person.eyes.width);
    for (const double slope : {-0.07, 0.01, 0.09}) {
      canvas.stroke({{x + side * 0.05, person.eyes.y + slope * 0.4},
                     {x + side * 0.17, person.eyes.y + slope * 1.6}},
                    line, 0.018, 0.6 * strength);
    }
  }
  if (strength < 0.4) return;
  for (int i = 0; i < 3; ++i) {
    const double y = -0.74 + 0.1 * i;
    canvas.stroke(smooth({{-0.42, y + 0.02}, {0.0, y - 0.02}, {0.42, y + 0.02}}, false), line, 0.02,
                  0.55 * strength);
  }
}

}  // namespace

void paint_marks(Canvas& canvas, const DrawnPerson& person) {
  const Skin& skin = person.skin;
  Random random(person.seed ^ 0xF4EC1E5ULL);
  for (int i = 0; i < skin.freckles; ++i) {
    const double x = random.around(0.0, 0.26);
    const double y = 0.26 + random.around(0.0, 0.06);
    const double radius = random.uniform(0.012, 0.024);
    canvas.paint(ellipse(x, y, radius, radius), darker(skin.colour, 0.4), 0.7);
  }
  paint_wrinkles(canvas, person);
  for (const Mole& mole : skin.moles) {
    canvas.paint(ellipse(mole.x, mole.y, mole.radius, mole.radius), Colour(28, 34, 52), 0.9);
  }
  const Extras& extras = person.extras;
  if (extras.scar) {
    canvas.stroke({{extras.scar_x - 0.09, extras.scar_y - 0.12},
                   {extras.scar_x + 0.07, extras.scar_y + 0.12}},
                  Colour(120, 120, 200), 0.03, 0.8);
  }
  if (extras.bindi) canvas.paint(ellipse(0.0, -0.42, 0.045, 0.045), Colour(40, 20, 170));
}

void paint_nose(Canvas& canvas, const DrawnPerson& person) {
  const Nose& nose = person.nose;
  const Colour& skin = person.skin.colour;
  const double top = person.eyes.y;
  for (const double side : {-1.0, 1.0}) {
    canvas.soften({{side * nose.bridge, top - 0.05, 1.05},
                   {side * nose.bridge * 1.9, top, 1.0},
                   {side * nose.width * 0.95, nose.tip_y - 0.02, 1.05},
                   {side * nose.tip * 0.9, nose.tip_y - 0.05, 1.2},
                   {side * nose.bridge * (0.8 + 0.4 * nose.hump), top + 0.2, 1.15}},
                  darker(skin, 0.4), side > 0 ? 0.5 : 0.36, 0.08);
  }
  canvas.soften({{-nose.bridge * 0.5, top, 1.08},
                 {nose.bridge * 0.5, top, 1.08},
                 {nose.tip * 0.5, nose.tip_y - 0.05, 1.22},
                 {-nose.tip * 0.5, nose.tip_y - 0.05, 1.22}},
                lighter(skin, 0.5), 0.5, 0.1);
  canvas.soften(ellipse(0.0, nose.tip_y + 0.05, nose.width * 0.95, 0.05, 1.12), darker(skin, 0.5),
                0.5, 0.08);
  canvas.soften(ellipse(0.0, nose.tip_y - 0.05, nose.tip * 0.6, nose.tip * 0.5, 1.22),
                lighter(skin, 0.6), 0.5, 0.06);
  for (const double side : {-1.0, 1.0}) {
    const double x = side * nose.width * 0.46;
    canvas.paint(ellipse(x, nose.tip_y + 0.035, nose.width * 0.20, 0.030, 1.14), darker(skin, 0.74),
                 0.9);
    canvas.stroke(smooth({{side * nose.width * 0.80, nose.tip_y - 0.09, 1.06},
                          {side * nose.width * 1.02, nose.tip_y, 1.06},
                          {side * nose.width * 0.78, nose.tip_y + 0.055, 1.08}},
                         false),
                  darker(skin, 0.5), 0.025, 0.8);
  }
}

}  // namespace maitred::drawn
