// A shop in a temporary folder, with customers whose faces are axes of the demo engine's space: the
// similarity of two faces can be written down. All times are given by the test.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "maitred/shop/desk/shop.h"
#include "tests/support/axis_face.h"
#include "tests/support/temporary_folder.h"

namespace maitred {

// Long past, so that no clock of a test machine lies before it.
inline const WallTime kMorning = *parse_time("2024-03-01T09:00:00Z");
inline const Actor kAdmin{"uid:1000", kMorning};

template <class Value>
Value taken(Result<Value> result) {
  if (!result) {
    ADD_FAILURE() << result.error().code << ": " << result.error().message;
    std::abort();
  }
  return std::move(*result);
}

// The error's code; empty for success.
template <class Value>
std::string error_of(const Result<Value>& result) {
  return result ? "" : result.error().code;
}

class DeskTest : public testing::Test {
 protected:
  DeskTest() {
    settings_.store_path = folder_.path() / "store.db";
    settings_.engine = "demo";
    key_.source = {KeyKind::kFile, (folder_.path() / "key").string()};
    taken(Store::create(settings_.store_path, key_, kAdmin));
    shop_ = taken(Shop::open(settings_, key_));
  }

  Store& store() { return shop_->store(); }

  void reopen() {
    shop_.reset();
    shop_ = taken(Shop::open(settings_, key_));
  }

  static Template face(std::size_t number, float cosine = 1.0F) {
    return axis_face(number, cosine);
  }

  // Enrols the person with this number.
  CustomerId enrol(std::size_t number, std::set<Scope> scopes = {Scope::kRecognition},
                   std::optional<WallTime> expires = {}) {
    NewCustomer customer;
    customer.profile.name = "Robin Sample";
    customer.consent = {"v1", "form", std::move(scopes), "", kMorning, expires, {}};
    customer.templates.push_back(face(number));
    const CustomerId id = taken(store().customers().enrol(customer, kAdmin));
    EXPECT_EQ(error_of(shop_->customer_changed(id)), "");
    return id;
  }

  static Sighting sighting(std::uint64_t track, Template probe, WallTime at = kMorning) {
    Sighting one;
    one.track = TrackId{track};
    one.first_seen = one.at = at;
    one.quality = 0.5F;
    one.frames = 3;
    one.probe = std::move(probe);
    return one;
  }

  static Match match_of(const CustomerId& customer, WallTime at) {
    Match match;
    match.customer = customer;
    match.camera = "entrance";
    match.first_seen = match.at = at;
    return match;
  }

  TemporaryFolder folder_;
  Settings settings_;
  KeyAccess key_;
  std::unique_ptr<Shop> shop_;
};

}  // namespace maitred
