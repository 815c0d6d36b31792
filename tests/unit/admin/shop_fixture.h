// A shop with a real store in a folder of its own, and the verbs on it.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>

#include "maitred/admin/enrolment.h"
#include "maitred/admin/verb.h"
#include "maitred/base/file.h"
#include "maitred/shop/desk/shop.h"
#include "tests/support/temporary_folder.h"

namespace maitred {

template <class Value>
Value must(Result<Value> result) {
  if (!result) throw std::runtime_error(result.error().code + ": " + result.error().message);
  return std::move(*result);
}

// What maitred-eye would report of a photo of person `seed`.
inline nlohmann::json photo_of(unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(256);
  for (float& value : values) value = normal(random);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(values.data());
  return {{"engine", "retail"},
          {"template", to_base64({bytes, bytes + values.size() * sizeof(float)})},
          {"quality", {{"overall", 0.9}}},
          {"warnings", nlohmann::json::array()},
          {"measures", {{"width_px", 120}}}};
}

class ShopTest : public testing::Test {
 protected:
  using json = nlohmann::json;

  ShopTest() {
    settings_.store_path = folder_.path() / "store.db";
    key_.source = {KeyKind::kFile, (folder_.path() / "store.key").string()};
    must(Store::create(settings_.store_path, key_, actor_));
    reopen();
  }
  void reopen() {
    shop_.reset();
    shop_ = must(Shop::open(settings_, key_));
  }

  Result<json> run(std::string_view verb, const json& args) {
    return verbs_.run(verb, *shop_, args, {actor_.name, wall_now()});
  }
  json answer(std::string_view verb, const json& args) { return must(run(verb, args)); }
  std::string code(std::string_view verb, const json& args) {
    const auto result = run(verb, args);
    return result ? "" : result.error().code;
  }
  json enrolment(const std::string& name, unsigned seed) const {
    return {{"name", name},
            {"consent",
             {{"version", "v1"},
              {"reference", "form 17"},
              {"scopes", {"history", "feedback", "photos"}}}},
            {"photos", {photo_of(seed)}}};
  }
  std::string enrol(const std::string& name, unsigned seed) {
    return answer("enroll", enrolment(name, seed))["id"];
  }
  std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }

  TemporaryFolder folder_;
  Settings settings_;
  KeyAccess key_;
  const Actor actor_{"uid:1000", wall_now()};
  std::unique_ptr<Shop> shop_;
  Verbs verbs_;
};

}  // namespace maitred
