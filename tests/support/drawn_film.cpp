#include "tests/support/drawn_film.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include "tests/support/drawn_random.h"

namespace maitred::drawn {
namespace {

constexpr double kFarWidth = 68.0 / 480.0;  // of the picture's height
constexpr double kLeavingSeconds = 0.6;
constexpr double kGapSeconds = 0.8;
constexpr double kWalkShare = 0.65;  // of the time until the person stands before the camera
constexpr int kGrainMargin = 64;

struct Group {
  int people;
  std::array<double, 3> lanes;
  double near_width;  // of the picture's height
};
// Alone, in a pair, three abreast: the middle lane first.
constexpr std::array<Group, 3> kGroups = {{{1, {0.50, 0, 0}, 200.0 / 480.0},
                                           {2, {0.33, 0.67, 0}, 170.0 / 480.0},
                                           {3, {0.50, 0.20, 0.80}, 140.0 / 480.0}}};

// How many walk together: customers and strangers in turn, so that each group has one customer.
std::vector<int> group_sizes(std::size_t people) {
  std::vector<int> sizes;
  const std::array<int, 4> pattern = {1, 1, 2, 3};
  for (std::size_t i = 0; people > 0; ++i) {
    const int size = std::min(pattern[i % pattern.size()], static_cast<int>(people));
    sizes.push_back(size);
    people -= static_cast<std::size_t>(size);
  }
  return sizes;
}

// Customers and strangers in the order of their entrance: each group begins with a customer while
// there are any, but the second group, a stranger alone.
std::vector<CastMember> order_of_entrance(const std::vector<CastMember>& cast,
                                          const std::vector<int>& sizes) {
  std::vector<CastMember> customers;
  std::vector<CastMember> strangers;
  for (const CastMember& one : cast) (one.customer ? customers : strangers).push_back(one);
  std::reverse(customers.begin(), customers.end());
  std::reverse(strangers.begin(), strangers.end());
  std::vector<CastMember> order;
  const auto take = [&order](std::vector<CastMember>& first, std::vector<CastMember>& second) {
    std::vector<CastMember>& from = first.empty() ? second : first;
    order.push_back(from.back());
    from.pop_back();
  };
  for (std::size_t group = 0; group < sizes.size(); ++group) {
    for (int i = 0; i < sizes[group]; ++i) {
      if (i == 0 && group != 1) {
        take(customers, strangers);
      } else {
        take(strangers, customers);
      }
    }
  }
  return order;
}

double wave(double at_s, double period_s, std::uint64_t seed) {
  Random random(seed);
  return std::sin(2.0 * CV_PI * (at_s / period_s + random.uniform(0.0, 1.0)));
}

}  // namespace

Film::Film(const FilmOptions& options) : options_(options), shop_(draw_shop(options.size)) {
  cv::RNG random(options.seed);
  grain_.create(options.size.height + kGrainMargin, options.size.width + kGrainMargin, CV_16SC3);
  random.fill(grain_, cv::RNG::NORMAL, cv::Scalar::all(0), cv::Scalar::all(3.0));
  plan();
}

void Film::plan() {
  if (options_.cast.empty()) return;
  const std::vector<int> sizes = group_sizes(options_.cast.size());
  const std::vector<CastMember> order = order_of_entrance(options_.cast, sizes);
  const double each = (options_.seconds - kGapSeconds) / static_cast<double>(sizes.size());
  std::size_t next = 0;
  for (std::size_t group = 0; group < sizes.size(); ++group) {
    const Group& shape = kGroups[static_cast<std::size_t>(sizes[group] - 1)];
    const double start = kGapSeconds + each * static_cast<double>(group);
    for (std::size_t i = 0; i < static_cast<std::size_t>(shape.people); ++i) {
      const double late = 0.3 * static_cast<double>(i);
      walks_.push_back({order[next], start + late, start + each - kGapSeconds - kLeavingSeconds,
                        shape.lanes[i], shape.near_width * options_.size.height,
                        options_.seed * 100 + next});
      ++next;
    }
  }
}

int Film::frame_count() const { return static_cast<int>(options_.seconds * options_.fps); }

Film::Place Film::place(const Walk& walk, double at_s) const {
  const double height = options_.size.height;
  const double along = (at_s - walk.start_s) / (walk.end_s - walk.start_s);
  // Walking at one pace, a face's width grows as the inverse of its distance.
  const double near = walk.near_width_px;
  const double far = kFarWidth * height;
  const double walked = std::clamp(along / kWalkShare, 0.0, 1.0);
  const double width = 1.0 / ((1.0 - walked) / far + walked / near);
  const double closeness = (width - far) / (near - far);
  const double bob = walked < 1.0 ? 0.02 * wave(at_s, 0.55, walk.seed) : 0.0;
  const double lane = 0.5 + (walk.lane - 0.5) * (0.75 + 0.25 * closeness);
  Place place;
  place.width_px = width;
  place.centre_px = {lane * options_.size.width + 0.06 * width * wave(at_s, 2.3, walk.seed + 1),
                     height * (0.38 + 0.10 * closeness) + width * bob};
  if (at_s > walk.end_s) {
    const double gone = (at_s - walk.end_s) / kLeavingSeconds;
    const double side = walk.lane < 0.5 ? -1.0 : 1.0;
    place.leaving = true;
    place.centre_px.x += side * gone * gone * options_.size.width * 0.75;
  }
  return place;
}

Look Film::look(const Walk& walk, double at_s, double width_px, bool leaving) const {
  const std::uint64_t s = walk.seed * 16;
  Look look;
  look.face_width_px = width_px;
  look.yaw = leaving ? (walk.lane < 0.5 ? -16.0 : 16.0) : 8.0 * wave(at_s, 3.1, s + 1);
  look.pitch = 4.0 * wave(at_s, 2.2, s + 2);
  look.roll = 3.5 * wave(at_s, 1.7, s + 3);
  look.light.from = {-0.3 + 0.5 * wave(at_s, 5.0, s + 4), -0.5, 0.8};
  look.light.diffuse = 0.42;
  look.light.ambient = 0.72;
  look.light.gain = 0.97 + 0.10 * wave(at_s, 4.1, s + 5);
  look.smile = 0.4 + 0.35 * wave(at_s, 3.7, s + 6);
  look.blink = wave(at_s, 3.3, s + 7) > 0.985 ? 0.9 : 0.0;
  look.brow_raise = 0.5 * wave(at_s, 2.9, s + 8);
  look.clothes = walk.seed;
  return look;
}

cv::Mat Film::frame(int index) const {
  const double at_s = index / options_.fps;
  cv::Mat picture = shop_.clone();
  std::vector<std::pair<const Walk*, Place>> present;
  for (const Walk& walk : walks_) {
    if (at_s < walk.start_s || at_s > walk.end_s + kLeavingSeconds) continue;
    present.emplace_back(&walk, place(walk, at_s));
  }
  std::stable_sort(present.begin(), present.end(), [](const auto& a, const auto& b) {
    return a.second.width_px < b.second.width_px;
  });
  for (const auto& [walk, where] : present) {
    draw_onto(picture, make_person(walk->who.seed),
              look(*walk, at_s, where.width_px, where.leaving), where.centre_px);
  }
  Random random(options_.seed * 1'000'003 + static_cast<std::uint64_t>(index));
  picture.convertTo(picture, -1, 1.0 + random.uniform(-0.04, 0.04), random.uniform(-4.0, 4.0));
  cv::GaussianBlur(picture, picture, cv::Size(3, 3), 0.4 + 0.3 * random.uniform(0.0, 1.0));
  const cv::Rect grain(random.whole(0, kGrainMargin - 1), random.whole(0, kGrainMargin - 1),
                       picture.cols, picture.rows);
  cv::add(picture, grain_(grain), picture, cv::noArray(), CV_8UC3);
  return picture;
}

std::vector<SeenFace> Film::faces(int index) const {
  const double at_s = index / options_.fps;
  std::vector<SeenFace> seen;
  for (const Walk& walk : walks_) {
    if (at_s < walk.start_s || at_s > walk.end_s) continue;
    const Place where = place(walk, at_s);
    seen.push_back({walk.who.id, where.centre_px, where.width_px});
  }
  return seen;
}

nlohmann::json Film::truth() const {
  const auto tenth = [](double value) { return std::round(value * 10.0) / 10.0; };
  nlohmann::json truth = {{"fps", options_.fps},
                          {"frames", frame_count()},
                          {"width", options_.size.width},
                          {"height", options_.size.height},
                          {"enroll", nlohmann::json::object()},
                          {"visits", nlohmann::json::array()},
                          {"faces", nlohmann::json::array()}};
  for (const Walk& walk : walks_) {
    const std::string portrait = walk.who.id + ".png";
    if (walk.who.customer) truth["enroll"][walk.who.id] = portrait;
    truth["visits"].push_back({{"kind", walk.who.customer ? "known" : "stranger"},
                               {"person", walk.who.id},
                               {"photo", portrait},
                               {"seed", walk.who.seed},
                               {"start", std::round(walk.start_s * 100.0) / 100.0},
                               {"end", std::round(walk.end_s * 100.0) / 100.0}});
  }
  for (int index = 0; index < frame_count(); ++index) {
    nlohmann::json frame = nlohmann::json::array();
    for (const SeenFace& face : faces(index)) {
      frame.push_back({{"person", face.id},
                       {"x", tenth(face.centre_px.x)},
                       {"y", tenth(face.centre_px.y)},
                       {"width", tenth(face.width_px)}});
    }
    truth["faces"].push_back(std::move(frame));
  }
  return truth;
}

Status write_film(const Film& film, const std::filesystem::path& file) {
  const bool mp4 = file.extension() == ".mp4";
  const int codec = mp4 ? cv::VideoWriter::fourcc('m', 'p', '4', 'v')
                        : cv::VideoWriter::fourcc('M', 'J', 'P', 'G');
  const auto failed = [&](const std::string& why) {
    return environment_error("film_not_written",
                             "cannot write the film " + file.string() + ": " + why);
  };
  try {
    cv::VideoWriter writer(file.string(), cv::CAP_FFMPEG, codec, film.fps(), film.size());
    if (!writer.isOpened()) return failed("is its folder there and writable?");
    for (int index = 0; index < film.frame_count(); ++index) writer.write(film.frame(index));
    return {};
  } catch (const cv::Exception& failure) {
    return failed(failure.what());
  }
}

}  // namespace maitred::drawn
