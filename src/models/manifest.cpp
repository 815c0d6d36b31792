#include "maitred/models/manifest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "built_in_text.h"
#include "maitred/base/check.h"

namespace maitred {
namespace {

constexpr std::array<std::pair<ModelRole, std::string_view>, 6> kRoles = {{
    {ModelRole::kDetector, "detector"},
    {ModelRole::kLandmarks, "landmarks"},
    {ModelRole::kEmbedder, "embedder"},
    {ModelRole::kEmbedderWeights, "embedder_weights"},
    {ModelRole::kLiveness, "liveness"},
    {ModelRole::kLivenessWide, "liveness_wide"},
}};

}  // namespace

std::string_view model_role_name(ModelRole role) {
  for (const auto& [value, name] : kRoles) {
    if (value == role) return name;
  }
  return "";
}

std::optional<ModelRole> model_role_from_name(std::string_view name) {
  for (const auto& [value, role_name] : kRoles) {
    if (role_name == name) return value;
  }
  return std::nullopt;
}

std::string_view Manifest::built_in_text() { return kBuiltInManifest; }

const Manifest& Manifest::built_in() {
  static const Manifest manifest = [] {
    auto parsed = parse(kBuiltInManifest);
    if (!parsed) std::fprintf(stderr, "%s\n", parsed.error().message.c_str());
    MAITRED_CHECK(parsed.has_value());
    return *std::move(parsed);
  }();
  return manifest;
}

Result<const ModelEngine*> Manifest::engine(std::string_view name) const {
  std::vector<std::string_view> names;
  for (const ModelEngine& engine : engines_) {
    if (engine.name == name) return &engine;
    names.push_back(engine.name);
  }
  return input_error("unknown_engine", fmt::format("there is no engine \"{}\"; the engines are {}",
                                                   name, fmt::join(names, ", ")));
}

bool Manifest::has_file(std::string_view name) const {
  return std::any_of(files_.begin(), files_.end(),
                     [&](const ModelFile& file) { return file.name == name; });
}

const ModelFile& Manifest::file(std::string_view name) const {
  const auto found = std::find_if(files_.begin(), files_.end(),
                                  [&](const ModelFile& file) { return file.name == name; });
  MAITRED_CHECK(found != files_.end());
  return *found;
}

}  // namespace maitred
