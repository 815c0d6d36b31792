#include "maitred/models/verify.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "digest.h"
#include "maitred/base/check.h"
#include "maitred/base/file.h"
#include "paths.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> search_folders(const fs::path& models_folder,
                                     const std::vector<fs::path>& shipped) {
  std::vector<fs::path> folders;
  if (!models_folder.empty()) folders.push_back(models_folder);
  folders.insert(folders.end(), shipped.begin(), shipped.end());
  return folders;
}

// Empty if no folder has it.
fs::path find_file(const std::string& name, const std::vector<fs::path>& folders) {
  for (const fs::path& folder : folders) {
    if (is_there(folder / name)) return folder / name;
  }
  return {};
}

// Says how to get the file, as the end of a sentence.
std::string how_to_get(const ModelFile& file, std::string_view engine) {
  if (file.shipped) return "it is part of maitred: reinstall maitred";
  if (!file.package.empty()) {
    return fmt::format("it comes with a Debian package: apt-get install {}", file.package);
  }
  if (file.by_hand) return "get it with `maitredctl models fetch --from DIR`";
  if (engine.empty()) return "get it with `maitredctl models fetch`";
  return fmt::format("get it with `maitredctl models fetch {}`", engine);
}

tl::unexpected<Error> missing(const ModelFile& file, std::string_view engine,
                              const std::vector<fs::path>& folders) {
  // Names only the folders that could have it.
  const bool only_own = !file.shipped && file.package.empty() && !folders.empty();
  const std::size_t count = only_own ? 1 : folders.size();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(folders[i].string());
  return environment_error(
      "model_missing", fmt::format("model file {} of engine {} is not in {}; {}", file.name, engine,
                                   fmt::join(names, ", "), how_to_get(file, engine)));
}

template <class Check>
std::vector<ModelRow> rows_of(const Manifest& manifest, const std::vector<fs::path>& folders,
                              Check check) {
  std::vector<ModelRow> rows;
  for (const ModelEngine& engine : manifest.engines()) {
    for (const auto& [role, names] : engine.files) {
      for (const std::string& name : names) {
        const ModelFile& file = manifest.file(name);
        ModelRow row{.engine = engine.name,
                     .role = role,
                     .file = name,
                     .alternative = name != names.front(),
                     .state = ModelState::kMissing,
                     .path = find_file(name, folders),
                     .size_bytes = file.size_bytes,
                     .licence = file.licence,
                     .source = file.source};
        if (!row.path.empty()) row.state = check(file, row.path);
        rows.push_back(std::move(row));
      }
    }
  }
  return rows;
}

}  // namespace

const fs::path& EngineFiles::path(ModelRole role) const {
  const auto found = paths.find(role);
  MAITRED_CHECK(found != paths.end());
  return found->second;
}

std::map<std::string, fs::path> EngineFiles::by_role_name() const {
  std::map<std::string, fs::path> result;
  for (const auto& [role, path] : paths) result.emplace(model_role_name(role), path);
  return result;
}

std::vector<fs::path> shipped_model_folders() {
  std::vector<fs::path> folders;
  const auto add = [&](const fs::path& folder) {
    std::error_code ignored;
    if (fs::is_directory(folder, ignored)) folders.push_back(folder.lexically_normal());
  };
  const fs::path program = program_folder();
  add(program / ".." / "share" / "maitred" / "models");
  fs::path above = program;
  for (int level = 0; level < 4 && above.has_relative_path(); ++level) {
    above = above.parent_path();
    add(above / "models" / "demo");
  }
  add("/usr/share/dlib");
  return folders;
}

Status verify_model_file(const ModelFile& file, const fs::path& path) {
  const auto altered = [&](const std::string& expected, const std::string& found) {
    return environment_error(
        "model_altered",
        fmt::format("model file {} does not match the manifest: expected {}, found {}; "
                    "remove it, then {}",
                    path.string(), expected, found, how_to_get(file, "")));
  };
  std::error_code failed;
  if (!is_there(path)) {
    return environment_error("model_missing", fmt::format("model file {} is missing; {}",
                                                          path.string(), how_to_get(file, "")));
  }
  const auto size_bytes = fs::file_size(path, failed);
  if (!failed && size_bytes != file.size_bytes) {
    return altered(fmt::format("{} bytes", file.size_bytes), fmt::format("{} bytes", size_bytes));
  }
  const auto digest = sha256_of_file(path);
  if (!digest) {
    return environment_error(
        "model_missing",
        fmt::format("{}; make it readable, or {}", digest.error().message, how_to_get(file, "")));
  }
  if (*digest != file.sha256) {
    return altered("SHA-256 " + digest_start(file.sha256), digest_start(*digest));
  }
  return {};
}

Result<EngineFiles> locate(const Manifest& manifest, std::string_view engine,
                           const fs::path& models_folder, const std::vector<fs::path>& shipped) {
  MAITRED_ASSIGN(const ModelEngine* row, manifest.engine(engine));
  const auto folders = search_folders(models_folder, shipped);
  EngineFiles result;
  result.engine = *row;
  for (const auto& [role, names] : row->files) {  // embedder comes before embedder_weights
    const auto places = role == ModelRole::kEmbedderWeights
                            ? std::vector{result.path(ModelRole::kEmbedder).parent_path()}
                            : folders;
    fs::path path;
    for (const std::string& name : names) {
      path = find_file(name, places);
      if (path.empty()) continue;
      MAITRED_TRY(verify_model_file(manifest.file(name), path));
      break;
    }
    if (path.empty() && is_optional(role)) continue;
    if (path.empty()) return missing(manifest.file(names.front()), row->name, places);
    result.paths.emplace(role, std::move(path));
  }
  return result;
}

std::string_view model_state_name(ModelState state) {
  switch (state) {
    case ModelState::kPresent:
      return "present";
    case ModelState::kMissing:
      return "missing";
    case ModelState::kAltered:
      return "altered";
  }
  return "";
}

std::vector<ModelRow> list_models(const Manifest& manifest, const fs::path& models_folder,
                                  const std::vector<fs::path>& shipped) {
  const auto check = [](const ModelFile& file, const fs::path& path) {
    std::error_code failed;
    const auto size_bytes = fs::file_size(path, failed);
    return failed || size_bytes != file.size_bytes ? ModelState::kAltered : ModelState::kPresent;
  };
  return rows_of(manifest, search_folders(models_folder, shipped), check);
}

std::vector<ModelRow> verify_models(const Manifest& manifest, const fs::path& models_folder,
                                    const std::vector<fs::path>& shipped) {
  const auto check = [](const ModelFile& file, const fs::path& path) {
    return verify_model_file(file, path) ? ModelState::kPresent : ModelState::kAltered;
  };
  return rows_of(manifest, search_folders(models_folder, shipped), check);
}

bool engine_is_complete(const std::vector<ModelRow>& rows, std::string_view engine) {
  std::map<ModelRole, bool> served;
  for (const ModelRow& row : rows) {
    if (row.engine != engine || (is_optional(row.role) && row.state == ModelState::kMissing))
      continue;
    bool& there = served[row.role];
    there = there || row.state == ModelState::kPresent;
  }
  if (served.empty()) return false;
  for (const auto& [role, there] : served) {
    if (!there) return false;
  }
  return true;
}

bool judges_liveness(const Manifest& manifest, std::string_view engine,
                     const fs::path& models_folder, const std::vector<fs::path>& shipped) {
  const Result<const ModelEngine*> found = manifest.engine(engine);
  if (!found) return false;
  const std::vector<fs::path> folders = search_folders(models_folder, shipped);
  for (const ModelRole role : {ModelRole::kLiveness, ModelRole::kLivenessWide}) {
    const auto files = (*found)->files.find(role);
    if (files == (*found)->files.end()) continue;
    for (const std::string& name : files->second) {
      if (!find_file(name, folders).empty()) return true;
    }
  }
  return false;
}

}  // namespace maitred
