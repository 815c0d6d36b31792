// Finds the files of an engine and verifies them against the manifest before anything parses them.
// Functions without state; thread-safe.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/models/manifest.h"

namespace maitred {

// The files of one engine, found and verified.
struct EngineFiles {
  ModelEngine engine;
  std::map<ModelRole, std::filesystem::path> paths;

  // Requires a role that the engine has.
  const std::filesystem::path& path(ModelRole role) const;
  bool has(ModelRole role) const { return paths.contains(role); }
  // By the names of the roles, such as "detector".
  std::map<std::string, std::filesystem::path> by_role_name() const;
};

// Folders that come with the program or with Debian, in order of preference: share/maitred/models
// beside the program's bin folder, models/demo in a folder above it (a build tree), and
// /usr/share/dlib.
std::vector<std::filesystem::path> shipped_model_folders();

// Searches each file of the engine in `models_folder` ([models].dir), then in `shipped` in order.
// The first one found counts: an altered file is refused, not skipped. Weights are searched beside
// their network. Errors:
//   unknown_engine (kInput);
//   model_missing (kEnvironment): names file, folder and the command that fetches it;
//   model_altered (kEnvironment): names file, the digits expected and found, and the command.
Result<EngineFiles> locate(const Manifest& manifest, std::string_view engine,
                           const std::filesystem::path& models_folder,
                           const std::vector<std::filesystem::path>& shipped);

// Checks that the file exists with the size and SHA-256 of the manifest. Errors: model_missing,
// model_altered.
Status verify_model_file(const ModelFile& file, const std::filesystem::path& path);

// True if the engine can judge liveness here: a file for it is in one of the folders. Quick; an
// altered file counts, because `locate` then refuses the whole engine.
bool judges_liveness(const Manifest& manifest, std::string_view engine,
                     const std::filesystem::path& models_folder,
                     const std::vector<std::filesystem::path>& shipped);

enum class ModelState { kPresent, kMissing, kAltered };

// "present", "missing", "altered".
std::string_view model_state_name(ModelState state);

// One row of `maitredctl models list` and `models verify`.
struct ModelRow {
  std::string engine;
  ModelRole role = ModelRole::kDetector;
  std::string file;
  bool alternative = false;  // another file of this role is preferred
  ModelState state = ModelState::kMissing;
  std::filesystem::path path;  // empty when missing
  std::uint64_t size_bytes = 0;
  std::string licence;
  std::string source;
};

// Returns a row for each file of each engine. `list` checks only presence and size and is quick;
// `verify` reads every file and checks its SHA-256.
std::vector<ModelRow> list_models(const Manifest& manifest,
                                  const std::filesystem::path& models_folder,
                                  const std::vector<std::filesystem::path>& shipped);
std::vector<ModelRow> verify_models(const Manifest& manifest,
                                    const std::filesystem::path& models_folder,
                                    const std::vector<std::filesystem::path>& shipped);

// True if every role of `engine` has a present file in `rows`.
bool engine_is_complete(const std::vector<ModelRow>& rows, std::string_view engine);

}  // namespace maitred
