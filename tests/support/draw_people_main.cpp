// maitred-draw: pictures and films of made-up people.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "tests/support/drawn_cast.h"
#include "tests/support/drawn_face.h"
#include "tests/support/drawn_film.h"

namespace {

using namespace maitred::drawn;
namespace fs = std::filesystem;

struct Options {
  std::uint64_t person = 1, seed = 1;
  int look = -1, size_px = 400, count = 20, photos = 4;
  std::string member, cast = "demo", size = "640x480", spoil;
  fs::path out, truth;
  double seconds = 24.0, fps = 10.0;
};

// Says what was wrong, in one line, and gives the exit status.
int complain(const std::string& message) {
  std::fprintf(stderr, "maitred-draw: %s\n", message.c_str());
  return 2;
}

bool save(const fs::path& file, const cv::Mat& picture) {
  try {
    if (file.has_parent_path()) fs::create_directories(file.parent_path());
    return cv::imwrite(file.string(), picture);
  } catch (const std::exception&) {
    return false;
  }
}

// A portrait that an enrolment must refuse.
cv::Mat spoiled(const cv::Mat& portrait, const std::string& how) {
  cv::Mat picture;
  if (how == "several") {
    cv::hconcat(portrait, portrait, picture);
  } else if (how == "tiny") {
    picture = cv::Mat(portrait.size(), portrait.type(), cv::Scalar(150, 160, 165));
    cv::Mat small;
    cv::resize(portrait, small, {}, 0.12, 0.12, cv::INTER_AREA);
    small.copyTo(picture(cv::Rect(picture.cols / 2, picture.rows / 2, small.cols, small.rows)));
  } else if (how == "blurred") {
    cv::GaussianBlur(portrait, picture, {}, portrait.cols / 40.0);
  } else if (how == "dark") {
    portrait.convertTo(picture, -1, 0.06);
  } else {
    picture = portrait;
  }
  return picture;
}

int draw_one(const Options& options) {
  std::uint64_t seed = options.person;
  if (!options.member.empty()) {
    const auto& cast = demo_cast();
    const auto found = std::find_if(cast.begin(), cast.end(), [&](const CastMember& member) {
      return member.id == options.member;
    });
    if (found == cast.end()) return complain("nobody in the cast is called " + options.member);
    seed = found->seed;
  }
  const DrawnPerson person = make_person(seed);
  const auto number = static_cast<std::uint64_t>(options.look);
  const cv::Mat picture = options.look < 0
                              ? draw_portrait(person, studio_look(person.seed), options.size_px)
                              : draw_face(person, everyday_look(seed * 1000 + number));
  if (save(options.out, spoiled(picture, options.spoil))) return 0;
  return complain("cannot write " + options.out.string());
}

int draw_people(const Options& options) {
  for (int i = 0; i < options.count; ++i) {
    const std::uint64_t seed = options.seed * 100'000 + static_cast<std::uint64_t>(i);
    const DrawnPerson person = make_person(seed);
    char id[16];
    std::snprintf(id, sizeof id, "p%04d", i + 1);
    for (int k = 0; k < options.photos; ++k) {
      const std::uint64_t photo = seed * 1000 + static_cast<std::uint64_t>(k);
      const cv::Mat picture = draw_face(person, k == 0 ? studio_look(photo) : everyday_look(photo));
      char name[32];
      std::snprintf(name, sizeof name, "%s_%04d.png", id, k + 1);
      const fs::path file = options.out / id / name;
      if (!save(file, picture)) return complain("cannot write " + file.string());
    }
  }
  return 0;
}

int draw_cast(const Options& options) {
  for (const CastMember& member : demo_cast()) {
    const fs::path file = options.out / (member.id + ".png");
    if (!save(file, enrolment_portrait(make_person(member.seed)))) {
      return complain("cannot write " + file.string());
    }
    std::printf("%s\t%s\t%s\n", member.id.c_str(), member.customer ? "customer" : "stranger",
                file.c_str());
  }
  return 0;
}

int draw_film(const Options& options, bool empty) {
  FilmOptions film_options;
  if (std::sscanf(options.size.c_str(), "%dx%d", &film_options.size.width,
                  &film_options.size.height) != 2 ||
      film_options.size.width < 160 || film_options.size.height < 120 ||
      film_options.size.width > 3840 || film_options.size.height > 2160) {
    return complain("--size " + options.size + ": give WIDTHxHEIGHT, 160x120 to 3840x2160");
  }
  film_options.fps = options.fps;
  film_options.seconds = options.seconds;
  film_options.seed = options.seed;
  if (empty) film_options.cast.clear();
  if (options.out.extension() == ".png" || options.out.extension() == ".jpg") {
    if (save(options.out, Film(film_options).frame(0))) return 0;
    return complain("cannot write " + options.out.string());
  }
  const Film film(film_options);
  if (const auto written = write_film(film, options.out); !written) {
    return complain(written.error().message);
  }
  if (options.truth.empty()) return 0;
  std::ofstream truth(options.truth);
  truth << film.truth().dump(1) << '\n';
  return truth.flush() ? 0 : complain("cannot write " + options.truth.string());
}

void add_film_options(CLI::App* command, Options& options) {
  command->add_option("--out", options.out, "file to write: .avi (Motion JPEG) or .mp4")
      ->required();
  command->add_option("--truth", options.truth, "JSON file to write: who is seen when and where");
  command->add_option("--size", options.size, "WIDTHxHEIGHT in pixels")->capture_default_str();
  command->add_option("--fps", options.fps)->capture_default_str()->check(CLI::Range(1.0, 60.0));
  command->add_option("--seconds", options.seconds)
      ->capture_default_str()
      ->check(CLI::Range(1.0, 3600.0));
  command->add_option("--seed", options.seed, "of light, movement and noise")
      ->capture_default_str();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Draws made-up people: portraits, photo collections, and films of a shop's entrance");
  app.require_subcommand(1);
  auto* portrait = app.add_subcommand("portrait", "one picture of one person");
  portrait->add_option("--person", options.person, "seed of the person")->capture_default_str();
  portrait->add_option("--member", options.member, "somebody of the cast, instead of --person");
  portrait->add_option("--look", options.look,
                       "number of an everyday look (pose, light, distance); without it, an "
                       "enrolment portrait");
  portrait->add_option("--size", options.size_px, "of an enrolment portrait, pixels")
      ->capture_default_str()
      ->check(CLI::Range(64, 4000));
  portrait->add_option("--spoil", options.spoil, "make it a photo that enrolment must refuse")
      ->check(CLI::IsMember({"several", "tiny", "blurred", "dark"}));
  portrait->add_option("--out", options.out, "PNG or JPEG to write")->required();

  auto* people = app.add_subcommand("people", "photos of many people, DIR/PERSON/*.png");
  people->add_option("--count", options.count, "people")
      ->capture_default_str()
      ->check(CLI::Range(1, 9999));
  people->add_option("--photos", options.photos, "photos a person; the first is a studio portrait")
      ->capture_default_str()
      ->check(CLI::Range(1, 999));
  people->add_option("--seed", options.seed, "another seed draws other people")
      ->capture_default_str();
  people->add_option("--out", options.out, "folder to write to")->required();

  auto* cast = app.add_subcommand("cast", "an enrolment portrait of each person of the film");
  cast->add_option("--out", options.out, "folder to write to; files are named after the people")
      ->required();

  auto* film = app.add_subcommand("film", "people walking up to the camera of a shop");
  film->add_option("--cast", options.cast, "who plays")
      ->capture_default_str()
      ->check(CLI::IsMember({"demo"}));
  add_film_options(film, options);

  auto* scene = app.add_subcommand("scene", "the same shop with nobody in it");
  add_film_options(scene, options);
  CLI11_PARSE(app, argc, argv);

  if (portrait->parsed()) return draw_one(options);
  if (people->parsed()) return draw_people(options);
  if (cast->parsed()) return draw_cast(options);
  return draw_film(options, scene->parsed());
}
