// The manifest of models: which engines there are, which files each needs, where those come from,
// under which licence, and what was measured about them. The text is models/manifest.toml, built
// into the program, so that what a file may contain cannot be changed on the box.
// Values; thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"

namespace maitred {

// What an engine uses a file for. In the manifest: detector, landmarks, embedder, embedder_weights,
// liveness, liveness_wide. An engine works without the last two; then nobody's liveness is known.
enum class ModelRole {
  kDetector,
  kLandmarks,
  kEmbedder,
  kEmbedderWeights,
  kLiveness,
  kLivenessWide
};
constexpr bool is_optional(ModelRole role) { return role >= ModelRole::kLiveness; }

std::string_view model_role_name(ModelRole role);
std::optional<ModelRole> model_role_from_name(std::string_view name);

// What upstream offers for download where that is not the file itself but a packed form of it.
// At least one digest is there; all that are there are checked.
struct ModelArchive {
  std::string format;  // "bzip2", the only one
  std::uint64_t size_bytes = 0;
  std::string sha256;  // 64 lower-case hex digits; may be empty
  std::string
      git_blob;  // id of the git blob: SHA-1 of "blob SIZE\0" and the content, 40 lower-case
                 // hex digits; may be empty. Weaker than SHA-256: the file is checked too.
};

struct ModelFile {
  std::string name;    // without a folder
  std::string url;     // https://…; empty where the file cannot be downloaded
  std::string sha256;  // 64 lower-case hex digits, of the file as it is loaded
  std::uint64_t size_bytes = 0;
  std::string licence;
  std::string source;                   // where it was published, in words
  std::string package;                  // the Debian package that brings it; may be empty
  bool shipped = false;                 // comes with maitred itself
  bool by_hand = false;                 // only from a folder: nobody publishes it in this form
  std::optional<ModelArchive> archive;  // what `url` gives, where that is not the file
};

// One measured point: with `threshold` on the cosine of two templates, the rate of different
// people who match (FMR) and of same people who do not (FNMR). Fractions.
struct CalibrationPoint {
  double threshold = 0;
  double fmr = 0;
  double fnmr = 0;
};

struct ModelEngine {
  std::string name;
  std::string detector;  // "yunet" or "dlib-frontal"
  std::string embedder;  // "openvino", "onnx" or "dlib-resnet"
  std::string standing;  // "production", or "demo": knows drawn people only
  int template_length = 0;
  int input_width_px = 0;  // of the aligned face
  int input_height_px = 0;
  std::string licence;
  std::string trained_on;
  std::string published_accuracy;
  // By falling FMR (rising threshold). Empty where this project has not measured the engine.
  std::vector<CalibrationPoint> calibration;
  // For each role the file names that serve it, in order of preference: one present is enough.
  std::map<ModelRole, std::vector<std::string>> files;

  bool is_demo() const { return standing == "demo"; }
};

class Manifest {
 public:
  // The one built into the program. Ends the program if it is malformed: that is a bug, and a test
  // holds it.
  static const Manifest& built_in();
  static std::string_view built_in_text();

  // At most 1 MiB. Unknown keys, wrong types, names that are not plain file names, digests of the
  // wrong length, engines that name a file which is not there: manifest_malformed (kInput), with
  // line and key. Never throws, whatever the text is.
  static Result<Manifest> parse(std::string_view text);

  const std::vector<ModelEngine>& engines() const { return engines_; }
  const std::vector<ModelFile>& files() const { return files_; }

  // Error: unknown_engine (kInput), listing the engines there are.
  Result<const ModelEngine*> engine(std::string_view name) const;
  // Requires a name that stands in the manifest's [[file]] rows (all of an engine's do).
  const ModelFile& file(std::string_view name) const;
  bool has_file(std::string_view name) const;

 private:
  Manifest() = default;
  friend class ManifestReader;

  std::vector<ModelEngine> engines_;
  std::vector<ModelFile> files_;
};

}  // namespace maitred
