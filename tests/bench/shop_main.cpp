// Prepares live.py's measurement: makes a store of made-up customers, and sends the sightings of
// one of them as an eye would.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "maitred/link/eye_sender.h"
#include "maitred/shop/store/store.h"

namespace {

using namespace maitred;

constexpr std::size_t kLength = 256;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}
void must(const Status& status) {
  if (!status) throw std::runtime_error(status.error().message);
}

// Photo `photo` of customer `number`: the same face with small differences.
Template template_of(unsigned number, unsigned photo) {
  std::mt19937 face(number + 1);
  std::mt19937 change(1000003U * (number + 1) + photo);
  std::normal_distribution<float> normal;
  std::vector<float> values(kLength);
  for (float& value : values) value = normal(face) + 0.5F * normal(change);
  return Template("retail", values);
}

void fill(const std::string& path, const std::string& key, unsigned customers, unsigned photos) {
  KeyAccess access;
  access.source = {KeyKind::kFile, key};
  const Actor actor{"bench", wall_now()};
  Store store = must(Store::create(path, access, actor));
  constexpr unsigned kBatch = 500;
  for (unsigned begin = 0; begin < customers; begin += kBatch) {
    must(store.together([&]() -> Status {
      for (unsigned number = begin; number < std::min(begin + kBatch, customers); ++number) {
        NewCustomer customer;
        customer.profile.name = "Customer " + std::to_string(number);
        customer.profile.loyalty = "L" + std::to_string(number);
        customer.consent.version = "v1";
        customer.consent.reference = "form";
        customer.consent.scopes = {Scope::kRecognition};
        customer.consent.granted = actor.at;
        for (unsigned photo = 0; photo < photos; ++photo) {
          customer.templates.push_back(template_of(number, photo));
        }
        MAITRED_TRY(store.customers().enrol(customer, actor));
      }
      return {};
    }));
  }
}

// Sends one track ten times a second until the core has gone or ten seconds have passed.
void walk_in(const std::string& socket, const std::string& camera, unsigned number) {
  EyeSender sender = must(EyeSender::connect(socket, std::chrono::seconds(20)));
  must(sender.send(EyeHello{camera, "retail", kLength, 1}));
  EyeHealth health;
  health.state = EyeState::kRunning;
  const WallTime first = wall_now();
  for (std::uint32_t frame = 1; frame <= 100; ++frame) {
    Sighting sighting;
    sighting.track = TrackId{1};
    sighting.first_seen = first;
    sighting.at = wall_now();
    sighting.box = {500, 200, 120, 150};
    sighting.quality = 0.9F;
    sighting.frames = frame;
    sighting.probe = template_of(number, 1000);
    if (!sender.send(health) || !sender.send(std::move(sighting))) return;
    std::this_thread::sleep_for(Milliseconds{100});
  }
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("A store full of made-up customers, and one of them walking in.");
  app.require_subcommand(1);
  std::string path, key, socket, camera = "entrance";
  unsigned customers = 10000, photos = 3, number = 0;
  CLI::App* const filling = app.add_subcommand("fill", "makes a store");
  filling->add_option("--store", path)->required();
  filling->add_option("--key", key)->required();
  filling->add_option("--customers", customers);
  filling->add_option("--photos", photos, "of each");
  CLI::App* const walking = app.add_subcommand("walk-in", "plays an eye");
  walking->add_option("--socket", socket)->required();
  walking->add_option("--camera", camera);
  walking->add_option("--customer", number);
  CLI11_PARSE(app, argc, argv);
  if (filling->parsed()) fill(path, key, customers, photos);
  if (walking->parsed()) walk_in(socket, camera, number);
  return 0;
} catch (const std::exception& error) {
  std::cerr << "bench-shop: " << error.what() << "\n";
  return 3;
}
