// Eyes, brows, mouth, beard and glasses.
#include <algorithm>
#include <cmath>

#include "tests/support/drawn_parts.h"
#include "tests/support/drawn_random.h"

namespace maitred::drawn {
namespace {

// Turns a shape drawn around the origin by `angle` and moves it to (x, y), mirrored for side -1.
Path placed(const Path& path, double x, double y, double angle, double side) {
  Path out;
  for (const Spot& spot : path) {
    const double turned_x = spot.x * std::cos(angle) + spot.y * std::sin(angle);
    const double turned_y = -spot.x * std::sin(angle) + spot.y * std::cos(angle);
    out.push_back({side * (x + turned_x), y + turned_y, spot.depth});
  }
  return out;
}

void paint_eye(Canvas& canvas, const DrawnPerson& person, const Look& look, double side) {
  const Eyes& eyes = person.eyes;
  const double w = eyes.width;
  const double open = eyes.openness * w * (1.0 - 0.92 * look.blink) * (1.0 - 0.12 * look.smile);
  const auto place = [&](const Path& path) {
    return placed(path, eyes.spacing, eyes.y, eyes.tilt, side);
  };
  const Path upper = place(smooth(
      {{-w, 0.02}, {-w * 0.5, -open * 0.85}, {w * 0.1, -open}, {w * 0.65, -open * 0.6}, {w, -0.01}},
      false));
  const Path lower = place(
      smooth({{w, -0.01}, {w * 0.5, open * 0.55}, {-w * 0.2, open * 0.6}, {-w, 0.02}}, false));
  Path almond = upper;
  almond.insert(almond.end(), lower.begin(), lower.end());

  if (eyes.shadow_strength > 0.0) {
    canvas.soften(place(ellipse(0.0, -open - 0.05, w, 0.09)), eyes.shadow, eyes.shadow_strength,
                  0.1);
  }
  const Colour crease = darker(person.skin.colour, 0.5);
  canvas.stroke(place(smooth({{-w * 0.95, -open * 0.7 - 0.04},
                              {0.0, -open - 0.055 - 0.02 * eyes.hooded},
                              {w * 1.05, -open * 0.4 - 0.03}},
                             false)),
                crease, 0.02 + 0.025 * eyes.hooded, 0.75);
  canvas.soften(place(ellipse(0.0, open + 0.09, w * 0.85, 0.045)), darker(person.skin.colour, 0.42),
                eyes.bags, 0.07);
  canvas.paint(almond, Colour(238, 240, 242));
  const double iris = w * eyes.iris_size;
  canvas.paint_inside(place(ellipse(0.0, -open * 0.12, iris, iris)), almond,
                      darker(eyes.iris, 0.45));
  canvas.paint_inside(place(ellipse(0.0, -open * 0.12, iris * 0.82, iris * 0.82)), almond,
                      eyes.iris);
  canvas.paint_inside(place(ellipse(0.0, -open * 0.12, iris * 0.42, iris * 0.42)), almond,
                      Colour(14, 12, 12));
  canvas.paint_inside(
      place(ellipse(-iris * 0.3 * side, -open * 0.12 - iris * 0.3, iris * 0.2, iris * 0.2)), almond,
      Colour(255, 255, 255), 0.95);
  canvas.stroke(upper, Colour(20, 20, 26), 0.032 + 0.035 * eyes.lashes, 0.95);
  canvas.stroke(lower, darker(person.skin.colour, 0.55), 0.018, 0.7);
  if (eyes.lashes > 0.5) {
    canvas.stroke(place({{w * 0.85, -0.03}, {w * 1.2, -0.09 - 0.04 * eyes.lashes}}),
                  Colour(20, 20, 26), 0.035, 0.95);
  }
}

}  // namespace

void paint_eyes(Canvas& canvas, const DrawnPerson& person, const Look& look) {
  for (const double side : {-1.0, 1.0}) paint_eye(canvas, person, look, side);
}

void paint_brows(Canvas& canvas, const DrawnPerson& person, const Look& look) {
  const Brows& brows = person.brows;
  const double l = brows.length;
  const double t = brows.thickness;
  const Path shape = smooth({{-l, t * brows.inner * 0.6},
                             {-l, -t * brows.inner * 0.6},
                             {0.0, -brows.arch - t * 0.75},
                             {l * 0.75, -brows.arch * 0.6 - t * 0.35},
                             {l * 1.08, 0.03},
                             {l * 0.7, -brows.arch * 0.6 + t * 0.35},
                             {0.0, -brows.arch + t * 0.6}},
                            true);
  const double y = person.eyes.y - brows.gap - 0.05 * look.brow_raise;
  for (const double side : {-1.0, 1.0}) {
    const Path brow = placed(shape, person.eyes.spacing * 1.02, y, brows.tilt, side);
    canvas.soften(brow, brows.colour, 0.95, 0.035);
  }
}

void paint_mouth(Canvas& canvas, const DrawnPerson& person, const Look& look) {
  const Mouth& mouth = person.mouth;
  const double w = mouth.width * (1.0 + 0.12 * look.smile);
  const double lift = mouth.corner + 0.07 * look.smile;
  const double gap = std::max(0.0, look.smile - 0.45) * 0.14;
  const double y = mouth.y;
  const double upper = mouth.upper;
  const double bow = 0.35 * mouth.bow * upper;
  const Path top = smooth({{-w, y - lift},
                           {-w * 0.5, y - lift * 0.3 - upper * 0.75},
                           {-w * 0.16, y - upper},
                           {0.0, y - upper + bow},
                           {w * 0.16, y - upper},
                           {w * 0.5, y - lift * 0.3 - upper * 0.75},
                           {w, y - lift}},
                          false);
  const Path middle =
      smooth({{w, y - lift}, {w * 0.5, y}, {0.0, y + 0.012}, {-w * 0.5, y}, {-w, y - lift}}, false);
  const Path under = smooth({{w, y - lift},
                             {w * 0.5, y + gap},
                             {0.0, y + 0.012 + gap},
                             {-w * 0.5, y + gap},
                             {-w, y - lift}},
                            false);
  const Path bottom = smooth({{-w, y - lift},
                              {-w * 0.55, y + gap + mouth.lower * 0.75},
                              {0.0, y + gap + mouth.lower},
                              {w * 0.55, y + gap + mouth.lower * 0.75},
                              {w, y - lift}},
                             false);
  const auto joined = [](Path a, const Path& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  };
  canvas.soften(ellipse(0.0, y + gap + mouth.lower + 0.06, w * 0.55, 0.05),
                darker(person.skin.colour, 0.45), 0.5, 0.1);
  if (gap > 0.0) {
    Path inside = middle;
    for (auto spot = under.rbegin(); spot != under.rend(); ++spot) inside.push_back(*spot);
    canvas.paint(inside, Colour(228, 236, 240));
  }
  canvas.paint(joined(top, middle), darker(mouth.colour, 0.12));
  canvas.paint(joined(bottom, under), mouth.colour);
  canvas.soften(ellipse(0.0, y + gap + mouth.lower * 0.5, w * 0.35, mouth.lower * 0.22),
                lighter(mouth.colour, 0.6), 0.5, 0.06);
  canvas.stroke(middle, darker(mouth.colour, 0.65), 0.028, 0.9);
}

namespace {

// The bearded part of the face: between the jaw, let out by `out`, and a line around the mouth.
Path beard_shape(const DrawnPerson& person, double out, double from_y, double inner_y) {
  Path right;
  const double chin = person.head.chin_y;
  for (int i = 0; i <= 14; ++i) {
    const double y = from_y + (chin - from_y) * i / 14.0;
    const double x = half_width_at(person.head, std::min(y, chin * 0.995));
    right.push_back(
        {x + out * (0.3 + 0.7 * i / 14.0) * (i < 13 ? 1.0 : 0.6), y + out * i / 14.0, 0.0});
  }
  Path shape = right;
  const Path left = mirrored(right);
  shape.insert(shape.end(), left.begin(), left.end());
  const double m = person.mouth.width;
  const Path inner = smooth({{-half_width_at(person.head, from_y) + 0.12, from_y, 0.5},
                             {-m * 1.5, inner_y, 0.9},
                             {-m * 0.9, person.mouth.y + 0.02, 1.0},
                             {0.0, person.mouth.y - 0.02, 1.0},
                             {m * 0.9, person.mouth.y + 0.02, 1.0},
                             {m * 1.5, inner_y, 0.9},
                             {half_width_at(person.head, from_y) - 0.12, from_y, 0.5}},
                            false);
  shape.insert(shape.end(), inner.begin(), inner.end());
  return shape;
}

}  // namespace

void paint_beard(Canvas& canvas, const DrawnPerson& person) {
  const FacialHair& hair = person.facial_hair;
  const double y = person.mouth.y + hair.line;
  const double chin = person.head.chin_y;
  switch (hair.beard) {
    case BeardStyle::kNone:
      return;
    case BeardStyle::kStubble:
      canvas.soften(beard_shape(person, 0.0, 0.25, y - 0.2), hair.colour, 0.42 * hair.density, 0.14,
                    face_outline(person.head));
      return;
    case BeardStyle::kGoatee:
      canvas.soften(smooth({{-0.3, y + 0.08},
                            {0.3, y + 0.08},
                            {0.27, chin - 0.05, 0.6},
                            {0.0, chin + 0.1, 0.3},
                            {-0.27, chin - 0.05, 0.6}},
                           true),
                    hair.colour, hair.density, 0.06);
      return;
    case BeardStyle::kChinStrap: {
      Path strap = face_outline(person.head);
      Path band;
      for (const Spot& spot : strap) {
        if (spot.y > 0.15) band.push_back(spot);
      }
      canvas.stroke(band, hair.colour, 0.2, hair.density);
      return;
    }
    case BeardStyle::kFull:
      canvas.fill(beard_shape(person, 0.08, 0.12, y - 0.12), hair.colour);
      break;
    case BeardStyle::kLong:
      canvas.fill(beard_shape(person, 0.32, 0.12, y - 0.12), hair.colour);
      break;
  }
  Random random(person.seed ^ 0xBEA4DULL);
  for (int i = 0; i < 26; ++i) {
    const double x = random.uniform(-0.6, 0.6);
    const double from = random.uniform(person.mouth.y + 0.22, chin - 0.05);
    canvas.stroke({{x, from, 0.7}, {x * 1.05, from + 0.14, 0.5}}, lighter(hair.colour, 0.25), 0.02,
                  0.5);
  }
}

void paint_moustache(Canvas& canvas, const DrawnPerson& person) {
  const FacialHair& hair = person.facial_hair;
  if (hair.moustache == MoustacheStyle::kNone) return;
  const bool thin = hair.moustache == MoustacheStyle::kThin;
  const double thick = thin ? 0.045 : 0.10;
  const double y = person.mouth.y - person.mouth.upper - (thin ? 0.05 : 0.06);
  const double reach = person.mouth.width * (thin ? 0.85 : 1.05);
  const double tip = hair.moustache == MoustacheStyle::kHandlebar ? -0.12 : 0.1;
  for (const double side : {-1.0, 1.0}) {
    canvas.soften(smooth({{0.0, y - thick * 0.5, 1.08},
                          {side * reach * 0.5, y - thick * 0.7, 1.05},
                          {side * reach, y + tip * 0.6, 1.0},
                          {side * (reach + 0.06), y + tip, 1.0},
                          {side * reach * 0.6, y + thick * 0.6, 1.05},
                          {0.0, y + thick * 0.5, 1.08}},
                         true),
                  hair.colour, hair.density, 0.03);
  }
}

namespace {

Path lens_shape(const Glasses& glasses, double x, double y, double side) {
  const double s = glasses.size;
  constexpr double kDepth = 1.12;
  switch (glasses.style) {
    case GlassesStyle::kRound:
      return ellipse(x, y, s * 0.95, s * 0.95, kDepth);
    case GlassesStyle::kLarge:
      return ellipse(x, y + 0.03, s * 1.18, s * 1.12, kDepth);
    case GlassesStyle::kCatEye:
      return smooth({{x - side * s, y - s * 0.45, kDepth},
                     {x + side * s * 1.2, y - s * 0.85, kDepth},
                     {x + side * s * 0.95, y + s * 0.35, kDepth},
                     {x, y + s * 0.7, kDepth},
                     {x - side * s * 0.9, y + s * 0.3, kDepth}},
                    true);
    default:
      return smooth({{x - s, y - s * 0.62, kDepth},
                     {x, y - s * 0.70, kDepth},
                     {x + s, y - s * 0.62, kDepth},
                     {x + s * 1.02, y, kDepth},
                     {x + s * 0.9, y + s * 0.62, kDepth},
                     {x, y + s * 0.70, kDepth},
                     {x - s * 0.9, y + s * 0.62, kDepth},
                     {x - s * 1.02, y, kDepth}},
                    true);
  }
}

}  // namespace

void paint_glasses(Canvas& canvas, const DrawnPerson& person) {
  const Glasses& glasses = person.glasses;
  if (glasses.style == GlassesStyle::kNone) return;
  const double x = std::max(person.eyes.spacing, glasses.size + 0.07);
  const double y = person.eyes.y + 0.02;
  for (const double side : {-1.0, 1.0}) {
    Path lens = lens_shape(glasses, side * x, y, side);
    canvas.paint(lens, glasses.colour, glasses.tint);
    lens.push_back(lens.front());
    if (glasses.style == GlassesStyle::kHalfRim) {
      Path rim;
      for (const Spot& spot : lens) {
        if (spot.y < y) rim.push_back(spot);
      }
      std::sort(rim.begin(), rim.end(), [](const Spot& a, const Spot& b) { return a.x < b.x; });
      canvas.stroke(rim, glasses.colour, glasses.thickness * 1.5);
    } else {
      canvas.stroke(lens, glasses.colour, glasses.thickness);
    }
    canvas.stroke({{side * (x + glasses.size), y - 0.05, 1.1},
                   {side * (person.head.cheek_width + 0.01), person.head.ear_y - 0.1, 0.0}},
                  glasses.colour, glasses.thickness);
  }
  canvas.stroke(smooth({{-(x - glasses.size), y - 0.02, 1.12},
                        {0.0, y - 0.07, 1.16},
                        {x - glasses.size, y - 0.02, 1.12}},
                       false),
                glasses.colour, glasses.thickness);
}

}  // namespace maitred::drawn
