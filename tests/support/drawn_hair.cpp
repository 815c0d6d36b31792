// Hair, headscarves and earrings.
#include <algorithm>
#include <cmath>

#include "tests/support/drawn_parts.h"
#include "tests/support/drawn_random.h"

namespace maitred::drawn {
namespace {

// The skull's outline from the left side over the crown to the right, let out by `volume`.
Path crown(const HeadShape& head, double volume, double from_y, double lift = 0.0) {
  constexpr int kSteps = 24;
  Path out;
  const double top = head.crown_y - volume - lift;
  for (int i = 0; i <= kSteps; ++i) {
    const double angle = CV_PI * i / kSteps;
    const double y = from_y + (top - from_y) * std::sin(angle);
    const double along = std::clamp(y / top, 0.0, 1.0);
    const double half = y >= 0.0 ? half_width_at(head, y) + volume
                                 : (head.cheek_width + volume) *
                                       std::sqrt(std::max(0.0, 1.0 - std::pow(along, 2.3)));
    out.push_back({-half * (std::cos(angle) >= 0.0 ? 1.0 : -1.0), y, 0.0});
  }
  return out;
}

// A cap of hair: the crown and, back from right to left, the given hairline.
Path cap(const HeadShape& head, double volume, double from_y, const Path& hairline,
         double lift = 0.0) {
  Path shape = crown(head, volume, from_y, lift);
  shape.insert(shape.end(), hairline.begin(), hairline.end());
  return shape;
}

// From the right temple to the left one.
Path plain_hairline(const DrawnPerson& person) {
  const Hair& hair = person.hair;
  const double side = half_width_at(person.head, hair.temple) - 0.05;
  return smooth({{side, hair.temple, 0.1},
                 {side * 0.86, hair.temple - 0.25, 0.5},
                 {side * 0.7, hair.hairline + 0.05, 0.8},
                 {0.0, hair.hairline - 0.04, 0.9},
                 {-side * 0.7, hair.hairline + 0.05, 0.8},
                 {-side * 0.86, hair.temple - 0.25, 0.5},
                 {-side, hair.temple, 0.1}},
                false);
}

Path parted_hairline(const DrawnPerson& person, double fall) {
  const Hair& hair = person.hair;
  const double side = half_width_at(person.head, hair.temple) - 0.03;
  const double p = hair.part;
  return smooth({{side, hair.temple + 0.1, 0.1},
                 {side * 0.92, hair.hairline + 0.35 + fall, 0.5},
                 {(side + p) * 0.55, hair.hairline + 0.12 + fall * 0.5, 0.8},
                 {p, hair.hairline - 0.14, 0.9},
                 {(p - side) * 0.55, hair.hairline + 0.12 + fall * 0.5, 0.8},
                 {-side * 0.92, hair.hairline + 0.35 + fall, 0.5},
                 {-side, hair.temple + 0.1, 0.1}},
                false);
}

Path fringe_hairline(const DrawnPerson& person) {
  const Hair& hair = person.hair;
  const double side = half_width_at(person.head, hair.temple) - 0.02;
  const double low = hair.hairline + 0.34;
  Path line = {{side, hair.temple + 0.15, 0.1}, {side * 0.9, low + 0.08, 0.6}};
  for (int i = 0; i < 9; ++i) {
    const double x = side * (0.8 - 0.2 * i);
    line.push_back({x, low + (i % 2 == 0 ? 0.0 : 0.06) + 0.06 * hair.part * x, 0.95});
  }
  line.push_back({-side * 0.9, low + 0.08, 0.6});
  line.push_back({-side, hair.temple + 0.15, 0.1});
  return line;
}

void paint_curls(Canvas& canvas, const DrawnPerson& person, const Path& along, double radius) {
  Random random(person.seed ^ 0xC0415ULL);
  for (std::size_t i = 0; i < along.size(); i += 2) {
    const Spot& at = along[i];
    const double r = radius * random.uniform(0.8, 1.25);
    canvas.fill(ellipse(at.x + random.uniform(-0.03, 0.03), at.y + random.uniform(-0.03, 0.03), r,
                        r, at.depth),
                random.chance(0.3) ? person.hair.streak : person.hair.colour);
  }
}

// A few lines along the hair, from the parting outwards.
void paint_strands(Canvas& canvas, const DrawnPerson& person, double volume) {
  Random random(person.seed ^ 0x57AA4DULL);
  const Hair& hair = person.hair;
  const double top = person.head.crown_y - volume;
  for (int i = 0; i < 16; ++i) {
    const double end = random.uniform(-0.85, 0.85);
    const double start = hair.part * 0.6 + (end - hair.part * 0.6) * 0.35;
    canvas.stroke(smooth({{start, top + 0.1 + 0.1 * std::abs(start), 0.3},
                          {(start + end) * 0.55, top + 0.22 + 0.12 * std::abs(end), 0.5},
                          {end, top + 0.42 + 0.25 * std::abs(end), 0.5}},
                         false),
                  hair.streak, 0.025, 0.6);
  }
  canvas.soften(ellipse(-0.25, top + 0.28, 0.4, 0.07, 0.4), lighter(hair.colour, 0.5), 0.25, 0.2);
}

void paint_long_sides(Canvas& canvas, const DrawnPerson& person, double end_y, bool wavy) {
  const Hair& hair = person.hair;
  const double out = person.head.cheek_width + 0.08 + hair.volume;
  Path shape = crown(person.head, hair.volume + 0.04, 0.0);
  for (int i = 1; i <= 8; ++i) {
    const double y = end_y * i / 8.0;
    const double wave = wavy ? 0.09 * std::sin(i * 1.7) : 0.0;
    shape.push_back({out + 0.06 * i / 8.0 + wave, y, 0.0});
  }
  shape.push_back({0.5, end_y + 0.08, 0.0});
  shape.push_back({-0.5, end_y + 0.08, 0.0});
  for (int i = 8; i >= 1; --i) {
    const double y = end_y * i / 8.0;
    const double wave = wavy ? 0.09 * std::sin(i * 1.7) : 0.0;
    shape.push_back({-out - 0.06 * i / 8.0 - wave, y, 0.0});
  }
  canvas.fill(shape, darker(hair.colour, 0.14));
  for (const double side : {-1.0, 1.0}) {
    for (int i = 0; i < 4; ++i) {
      const double x = side * (out - 0.02 - 0.07 * i);
      canvas.stroke({{x, -0.2, 0}, {x + side * 0.03, end_y - 0.1, 0}}, hair.streak, 0.022, 0.5);
    }
  }
}

void paint_scarf_back(Canvas& canvas, const DrawnPerson& person) {
  Path shape = crown(person.head, 0.2, 0.2);
  const double w = person.head.cheek_width + 0.2;
  for (const Spot& spot : Path{{w, 0.7, 0},
                               {w * 0.95, 1.5, 0},
                               {w * 1.3, 2.2, 0},
                               {-w * 1.3, 2.2, 0},
                               {-w * 0.95, 1.5, 0},
                               {-w, 0.7, 0}}) {
    shape.push_back(spot);
  }
  canvas.fill(shape, person.hair.colour);
}

void paint_scarf_front(Canvas& canvas, const DrawnPerson& person) {
  const HeadShape& head = person.head;
  Path outer = face_outline(head);
  Path ring;
  for (const Spot& spot : outer) ring.push_back({spot.x * 1.02, spot.y * 1.02, 0.0});
  const Path face = smooth({{0.0, -0.80, 0.9},
                            {0.6, -0.58, 0.7},
                            {0.80, -0.05, 0.4},
                            {0.72, 0.62, 0.4},
                            {0.42, head.chin_y - 0.14, 0.4},
                            {0.0, head.chin_y - 0.02, 0.4},
                            {-0.42, head.chin_y - 0.14, 0.4},
                            {-0.72, 0.62, 0.4},
                            {-0.80, -0.05, 0.4},
                            {-0.6, -0.58, 0.7}},
                           true);
  // A ring is one polygon that runs round the outside and back round the inside.
  Path band(ring.begin(), ring.end());
  band.push_back(ring.front());
  band.push_back(face.front());
  band.insert(band.end(), face.rbegin(), face.rend());
  canvas.fill(band, person.hair.colour);
  Path edge = face;
  edge.push_back(face.front());
  canvas.stroke(edge, darker(person.hair.colour, 0.35), 0.04, 0.8);
  for (const double x : {-0.25, 0.1, 0.4}) {
    canvas.stroke(smooth({{x, -0.95, 0.6}, {x * 1.6, -1.2, 0.4}, {x * 1.8, -1.38, 0.2}}, false),
                  darker(person.hair.colour, 0.3), 0.03, 0.6);
  }
  canvas.stroke(smooth({{-0.7, 1.35, 0}, {0.0, 1.62, 0}, {0.8, 1.4, 0}}, false),
                darker(person.hair.colour, 0.3), 0.04, 0.7);
}

void paint_side_hair(Canvas& canvas, const DrawnPerson& person) {
  const double v = 0.05 + 0.4 * person.hair.volume;
  for (const double side : {-1.0, 1.0}) {
    const double w = person.head.cheek_width;
    canvas.fill(smooth({{side * (w - 0.06), 0.12, 0.1},
                        {side * (w + v), 0.02, 0.0},
                        {side * (w + v), -0.35, 0.0},
                        {side * (w * 0.82 + v), -0.8, 0.0},
                        {side * w * 0.76, -0.72, 0.4},
                        {side * (w - 0.12), -0.3, 0.3}},
                       true),
                person.hair.colour);
  }
}

void paint_earrings(Canvas& canvas, const DrawnPerson& person) {
  if (person.extras.earrings <= 0.0) return;
  const double r = person.extras.earrings;
  for (const double side : {-1.0, 1.0}) {
    canvas.fill(ellipse(side * (person.head.cheek_width + 0.04),
                        person.head.ear_y + person.head.ear_size + r * 0.6, r * 0.8, r, 0.0),
                person.extras.earring_colour);
  }
}

}  // namespace

void paint_back_hair(Canvas& canvas, const DrawnPerson& person) {
  const Hair& hair = person.hair;
  const HeadShape& head = person.head;
  switch (hair.style) {
    case HairStyle::kAfro: {
      const Path round = crown(head, 0.32 + hair.volume, 0.25, 0.05);
      canvas.fill(round, hair.colour);
      paint_curls(canvas, person, round, 0.16);
      break;
    }
    case HairStyle::kLongStraight:
      paint_long_sides(canvas, person, hair.length, false);
      break;
    case HairStyle::kLongWavy:
      paint_long_sides(canvas, person, hair.length, true);
      break;
    case HairStyle::kBob:
      paint_long_sides(canvas, person, 0.55 + 0.22 * hair.length, false);
      break;
    case HairStyle::kBun:
      canvas.fill(ellipse(hair.part * 0.2, head.crown_y - 0.22, 0.36, 0.32, 0.0), hair.colour);
      canvas.stroke(smooth({{-0.25, head.crown_y - 0.2, 0},
                            {0.0, head.crown_y - 0.36, 0},
                            {0.25, head.crown_y - 0.2, 0}},
                           false),
                    hair.streak, 0.03, 0.7);
      break;
    case HairStyle::kPonytails:
      for (const double side : {-1.0, 1.0}) {
        canvas.fill(smooth({{side * 0.95, -0.45, 0},
                            {side * 1.5, -0.3, 0},
                            {side * 1.55, 0.5 * hair.length, 0},
                            {side * 1.3, 0.8 * hair.length, 0},
                            {side * 1.22, 0.3, 0}},
                           true),
                    darker(hair.colour, 0.1));
        canvas.fill(ellipse(side * 1.08, -0.38, 0.1, 0.12, 0.0), person.extras.earring_colour);
      }
      break;
    case HairStyle::kHeadscarf:
      paint_scarf_back(canvas, person);
      break;
    default:
      break;
  }
}

void paint_front_hair(Canvas& canvas, const DrawnPerson& person) {
  const Hair& hair = person.hair;
  const HeadShape& head = person.head;
  if (hair.style == HairStyle::kHeadscarf) {
    paint_scarf_front(canvas, person);
    return;
  }
  paint_earrings(canvas, person);
  const double v = hair.volume;
  switch (hair.style) {
    case HairStyle::kBald:
      canvas.soften(ellipse(-0.25, head.crown_y + 0.34, 0.28, 0.12, 0.6),
                    lighter(person.skin.colour, 0.7), 0.5, 0.2);
      break;
    case HairStyle::kBuzz:
      canvas.soften(cap(head, 0.01, hair.temple, plain_hairline(person)), hair.colour, 0.75, 0.08);
      break;
    case HairStyle::kCurly: {
      const Path line = plain_hairline(person);
      const Path outer = crown(head, v, hair.temple, 0.04);
      canvas.fill(cap(head, v, hair.temple, line, 0.04), hair.colour);
      paint_curls(canvas, person, outer, 0.13);
      paint_curls(canvas, person, line, 0.09);
      break;
    }
    case HairStyle::kAfro: {
      const Path line = plain_hairline(person);
      canvas.fill(cap(head, 0.2, hair.temple, line), hair.colour);
      paint_curls(canvas, person, line, 0.08);
      break;
    }
    case HairStyle::kSidePart:
    case HairStyle::kLongWavy:
      canvas.fill(cap(head, v, 0.05, parted_hairline(person, 0.08)), hair.colour);
      paint_strands(canvas, person, v);
      break;
    case HairStyle::kLongStraight:
      canvas.fill(cap(head, v, 0.3, parted_hairline(person, 0.2)), hair.colour);
      paint_strands(canvas, person, v);
      break;
    case HairStyle::kFringe:
    case HairStyle::kBob:
      canvas.fill(cap(head, v, 0.1, fringe_hairline(person)), hair.colour);
      paint_strands(canvas, person, v);
      break;
    case HairStyle::kReceding: {
      const double side = half_width_at(head, hair.temple) - 0.05;
      const double back = hair.hairline - 0.26;
      canvas.fill(cap(head, 0.04, hair.temple,
                      smooth({{side, hair.temple, 0.1},
                              {side * 0.8, -0.66, 0.5},
                              {side * 0.42, back, 0.6},
                              {0.0, hair.hairline - 0.06, 0.8},
                              {-side * 0.42, back, 0.6},
                              {-side * 0.8, -0.66, 0.5},
                              {-side, hair.temple, 0.1}},
                             false)),
                  hair.colour);
      break;
    }
    case HairStyle::kSidesOnly:
      paint_side_hair(canvas, person);
      break;
    case HairStyle::kQuiff:
      canvas.fill(cap(head, v * 0.5, hair.temple, plain_hairline(person), 0.28 + v), hair.colour);
      paint_strands(canvas, person, 0.25 + v);
      break;
    default:
      canvas.fill(cap(head, v, hair.temple, plain_hairline(person)), hair.colour);
      paint_strands(canvas, person, v);
      break;
  }
}

}  // namespace maitred::drawn
