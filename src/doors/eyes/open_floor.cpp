#include "maitred/doors/eyes/open_floor.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace maitred {
namespace {

constexpr const char* kOpenFloorsKey = "open_floors";

using Texts = std::map<std::string, std::string>;  // by camera

Result<Texts> noted_before(const Store& store) {
  MAITRED_ASSIGN(const auto bytes, store.setting(kOpenFloorsKey));
  if (!bytes) return Texts{};
  const auto object = nlohmann::json::parse(bytes->begin(), bytes->end(), nullptr, false);
  return object.is_object() ? object.get<Texts>() : Texts{};
}

}  // namespace

Status note_open_floors(Store& store, const std::vector<CameraSettings>& cameras,
                        const Actor& actor) {
  Texts now;
  for (const CameraSettings& camera : cameras) {
    if (camera.mode == CameraMode::kOpen) now[camera.name] = camera.acknowledge_open_floor;
  }
  MAITRED_ASSIGN(const Texts before, noted_before(store));
  if (now == before) return {};
  return store.together([&]() -> Status {
    for (const auto& [camera, text] : now) {
      const auto known = before.find(camera);
      if (known != before.end() && known->second == text) continue;
      MAITRED_TRY(store.audit().append(actor, "open_floor", camera, text));
    }
    for (const auto& [camera, text] : before) {
      if (!now.contains(camera)) {
        MAITRED_TRY(store.audit().append(actor, "open_floor", camera, "ended"));
      }
    }
    const std::string written = nlohmann::json(now).dump();
    return store.set_setting(
        kOpenFloorsKey, {reinterpret_cast<const std::uint8_t*>(written.data()), written.size()});
  });
}

}  // namespace maitred
