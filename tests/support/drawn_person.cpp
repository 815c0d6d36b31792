#include "tests/support/drawn_person.h"

#include <algorithm>
#include <array>

#include "tests/support/drawn_random.h"

namespace maitred::drawn {
namespace {

Colour mix(const Colour& a, const Colour& b, double share_of_b) {
  return a * (1.0 - share_of_b) + b * share_of_b;
}

Colour jitter(Random& random, const Colour& colour, double spread) {
  const double all = random.around(0.0, spread);
  Colour out;
  for (int i = 0; i < 3; ++i) {
    out[i] = std::clamp(colour[i] + all + random.around(0.0, spread / 2.0), 4.0, 250.0);
  }
  return out;
}

Colour skin_colour(Random& random) {
  static const std::array<Colour, 7> kTones = {
      Colour(196, 214, 246), Colour(170, 196, 236), Colour(142, 178, 224), Colour(112, 152, 206),
      Colour(84, 122, 178),  Colour(62, 92, 142),   Colour(48, 68, 106)};
  const double at = random.uniform(0.0, 5.999);
  const auto index = static_cast<std::size_t>(at);
  return jitter(random, mix(kTones[index], kTones[index + 1], at - static_cast<double>(index)),
                6.0);
}

Colour hair_colour(Random& random, bool old) {
  static const std::array<Colour, 9> kNatural = {
      Colour(22, 20, 22),  Colour(28, 36, 52),   Colour(36, 56, 92),
      Colour(52, 84, 132), Colour(96, 148, 192), Colour(140, 196, 226),
      Colour(32, 66, 160), Colour(48, 94, 196),  Colour(26, 26, 84)};
  static const std::array<Colour, 5> kDyed = {Colour(150, 60, 110), Colour(190, 130, 40),
                                              Colour(120, 90, 220), Colour(90, 140, 50),
                                              Colour(60, 30, 180)};
  if (old) {
    const double grey = random.uniform(120.0, 232.0);
    return jitter(random, Colour(grey, grey, grey), 5.0);
  }
  if (random.chance(0.06)) return jitter(random, kDyed[random.next() % kDyed.size()], 10.0);
  return jitter(random, kNatural[random.next() % kNatural.size()], 9.0);
}

Colour iris_colour(Random& random) {
  static const std::array<Colour, 6> kIrises = {Colour(30, 44, 62),   Colour(44, 78, 118),
                                                Colour(150, 120, 70), Colour(190, 160, 110),
                                                Colour(80, 128, 92),  Colour(130, 130, 120)};
  return jitter(random, kIrises[random.next() % kIrises.size()], 8.0);
}

Colour bright_colour(Random& random) {
  Colour out;
  for (int i = 0; i < 3; ++i) out[i] = random.uniform(20.0, 235.0);
  return out;
}

Colour frame_colour(Random& random) {
  switch (random.weighted({5, 2, 2, 2})) {
    case 0:
      return {24, 22, 22};
    case 1:
      return {30, 60, 110};
    case 2:
      return {150, 150, 150};
    default:
      return bright_colour(random);
  }
}

HeadShape make_head(Random& random, bool masculine) {
  HeadShape head{};
  head.cheek_width = random.around(0.98, 0.045);
  head.jaw_power = random.around(masculine ? 2.7 : 2.3, 0.30);
  head.jaw_width = random.around(masculine ? 0.62 : 0.50, 0.07);
  head.chin_y = random.around(1.30, 0.055);
  head.crown_y = random.around(-1.36, 0.035);
  head.ear_size = random.around(0.27, 0.03);
  head.ear_y = random.around(0.08, 0.03);
  head.neck_width = random.around(masculine ? 0.62 : 0.50, 0.04);
  return head;
}

Skin make_skin(Random& random, bool masculine, bool old) {
  Skin skin{};
  skin.colour = skin_colour(random);
  skin.blush = random.chance(masculine ? 0.2 : 0.5) ? random.uniform(0.1, 0.45) : 0.0;
  skin.wrinkles = old ? random.uniform(0.45, 1.0) : random.uniform(0.0, 0.3);
  skin.freckles = random.chance(0.12) ? random.whole(14, 34) : 0;
  const int moles = random.weighted({6, 2.5, 1});
  for (int i = 0; i < moles; ++i) {
    const double side = random.chance(0.5) ? 1.0 : -1.0;
    skin.moles.push_back({side * random.uniform(0.25, 0.62), random.uniform(0.15, 0.95),
                          random.uniform(0.022, 0.042)});
  }
  return skin;
}

Eyes make_eyes(Random& random, bool masculine) {
  Eyes eyes{};
  eyes.spacing = random.around(0.425, 0.025);
  eyes.y = random.around(-0.10, 0.03);
  eyes.width = random.around(0.200, 0.015);
  eyes.openness = random.around(0.47, 0.06);
  eyes.tilt = random.around(0.05, 0.07);
  eyes.iris_size = random.around(0.50, 0.03);
  eyes.lashes = masculine ? random.uniform(0.0, 0.35) : random.uniform(0.3, 1.0);
  eyes.bags = random.uniform(0.0, 0.6);
  eyes.hooded = random.uniform(0.0, 0.7);
  eyes.iris = iris_colour(random);
  eyes.shadow = bright_colour(random);
  eyes.shadow_strength = !masculine && random.chance(0.3) ? random.uniform(0.2, 0.5) : 0.0;
  return eyes;
}

Brows make_brows(Random& random, const Colour& hair, bool masculine) {
  Brows brows{};
  brows.gap = random.around(0.27, 0.025);
  brows.length = random.around(0.27, 0.02);
  brows.thickness = random.around(masculine ? 0.062 : 0.046, 0.010);
  brows.arch = random.around(0.06, 0.025);
  brows.tilt = random.around(0.0, 0.07);
  brows.inner = random.uniform(0.7, 1.3);
  brows.colour = mix(hair, Colour(24, 28, 36), random.uniform(0.2, 0.7));
  return brows;
}

Nose make_nose(Random& random) {
  Nose nose{};
  nose.tip_y = random.around(0.38, 0.035);
  nose.width = random.around(0.235, 0.03);
  nose.tip = random.around(0.11, 0.015);
  nose.bridge = random.around(0.085, 0.015);
  nose.hump = random.uniform(0.0, 1.0);
  return nose;
}

Mouth make_mouth(Random& random, const Skin& skin, bool masculine) {
  Mouth mouth{};
  mouth.y = random.around(0.76, 0.03);
  mouth.width = random.around(0.36, 0.03);
  mouth.upper = random.around(masculine ? 0.060 : 0.075, 0.014);
  mouth.lower = random.around(masculine ? 0.085 : 0.105, 0.016);
  mouth.bow = random.uniform(0.0, 1.0);
  mouth.corner = random.around(0.02, 0.02);
  const Colour natural = mix(skin.colour, Colour(80, 70, 160), random.uniform(0.35, 0.6));
  const bool lipstick = !masculine && random.chance(0.45);
  const Colour painted(random.uniform(30, 150), random.uniform(20, 90), random.uniform(120, 220));
  mouth.colour = lipstick ? painted : natural;
  return mouth;
}

Hair make_hair(Random& random, const Colour& colour, bool masculine, bool old) {
  Hair hair{};
  // bald buzz short part fringe curly afro long wavy bob bun tails receding sides quiff scarf
  const int style = masculine ? random.weighted({1, 1.2, 2, 2, 1.2, 1.4, 0.8, 0.4, 0.4, 0.1, 0.2, 0,
                                                 old ? 2.5 : 0.7, old ? 2.0 : 0.3, 1.4, 0})
                              : random.weighted({0.1, 0.2, 0.6, 0.9, 1.0, 1.2, 0.9, 2.0, 2.0, 1.8,
                                                 1.4, 1.2, 0, 0, 0.4, 1.0});
  hair.style = static_cast<HairStyle>(style);
  hair.colour = hair.style == HairStyle::kHeadscarf ? bright_colour(random) : colour;
  const bool dark = colour[0] + colour[1] + colour[2] < 200.0;
  hair.streak = dark ? hair.colour + Colour(26, 28, 32) : hair.colour * 0.72;
  hair.hairline = random.around(-0.86, 0.045);
  hair.volume = random.uniform(0.06, 0.24);
  hair.part = random.uniform(-0.55, 0.55);
  hair.length = random.uniform(0.9, 2.1);
  hair.temple = random.uniform(-0.45, -0.05);
  return hair;
}

FacialHair make_facial_hair(Random& random, const Colour& hair, bool masculine) {
  FacialHair out{};
  if (masculine) {
    out.beard = static_cast<BeardStyle>(random.weighted({5, 1.2, 1.1, 0.7, 1.8, 0.6}));
    const bool bearded = out.beard != BeardStyle::kNone && out.beard != BeardStyle::kStubble;
    out.moustache = static_cast<MoustacheStyle>(bearded ? random.weighted({1, 2, 2.5, 0.5})
                                                        : random.weighted({8, 0.7, 0.9, 0.4}));
  }
  out.colour = mix(hair, Colour(40, 44, 54), random.uniform(0.0, 0.35));
  out.density = random.uniform(0.75, 1.0);
  out.line = random.uniform(-0.08, 0.12);
  return out;
}

Glasses make_glasses(Random& random, bool old) {
  Glasses glasses{};
  if (random.chance(old ? 0.55 : 0.28)) {
    glasses.style = static_cast<GlassesStyle>(1 + random.weighted({2, 2, 1.2, 0.8, 1}));
  }
  glasses.colour = frame_colour(random);
  glasses.thickness = random.uniform(0.018, 0.04);
  glasses.size = random.around(0.305, 0.015);
  glasses.tint = random.chance(0.12) ? random.uniform(0.1, 0.3) : 0.04;
  return glasses;
}

Extras make_extras(Random& random, bool masculine) {
  Extras extras{};
  extras.earrings = random.chance(masculine ? 0.08 : 0.45) ? random.uniform(0.04, 0.1) : 0.0;
  extras.earring_colour = random.chance(0.5) ? Colour(90, 200, 236) : bright_colour(random);
  extras.bindi = !masculine && random.chance(0.05);
  extras.scar = random.chance(0.06);
  extras.scar_x = random.uniform(-0.6, 0.6);
  extras.scar_y = random.uniform(0.1, 0.6);
  return extras;
}

}  // namespace

DrawnPerson make_person(std::uint64_t seed) {
  Random random(seed);
  const bool masculine = random.chance(0.5);
  const bool old = random.chance(0.25);
  DrawnPerson person;
  person.seed = seed;
  person.head = make_head(random, masculine);
  person.skin = make_skin(random, masculine, old);
  const Colour hair = hair_colour(random, old && random.chance(0.8));
  person.eyes = make_eyes(random, masculine);
  person.brows = make_brows(random, hair, masculine);
  person.nose = make_nose(random);
  person.mouth = make_mouth(random, person.skin, masculine);
  person.hair = make_hair(random, hair, masculine, old);
  person.facial_hair = make_facial_hair(random, hair, masculine);
  person.glasses = make_glasses(random, old);
  person.extras = make_extras(random, masculine);
  return person;
}

}  // namespace maitred::drawn
