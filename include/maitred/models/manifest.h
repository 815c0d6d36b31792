// The manifest of models: the engines, the files of each, their origin, licence and measured error
// rates. The text is models/manifest.toml. It is built into the program, so that nobody can change
// the expected content of a file on the box. Values; thread-compatible.
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

// The use of a file by an engine. In the manifest: detector, landmarks, embedder, embedder_weights,
// liveness, liveness_wide. An engine works without the last two, but cannot judge liveness then.
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

// The packed form of a file, if upstream offers only that. Has at least one digest; all given ones
// are checked.
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
  std::string url;     // https://…; empty if the file cannot be downloaded
  std::string sha256;  // 64 lower-case hex digits, of the file as it is loaded
  std::uint64_t size_bytes = 0;
  std::string licence;
  std::string source;                   // where it was published, in words
  std::string package;                  // the Debian package that brings it; may be empty
  bool shipped = false;                 // comes with maitred itself
  bool by_hand = false;                 // only from a folder: nobody publishes it in this form
  std::optional<ModelArchive> archive;  // the packed form, if `url` gives that
};

// One measured point: the error rates with `threshold` on the cosine of two templates. `fmr` is the
// fraction of different people who match, `fnmr` the fraction of same people who do not.
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
  // Ordered by falling FMR (rising threshold). Empty if this project has not measured the engine.
  std::vector<CalibrationPoint> calibration;
  // For each role the file names that serve it, in order of preference. One of them is enough.
  std::map<ModelRole, std::vector<std::string>> files;

  bool is_demo() const { return standing == "demo"; }
};

class Manifest {
 public:
  // Returns the manifest built into the program. Ends the program if it is malformed: that is a
  // bug, which a test catches.
  static const Manifest& built_in();
  static std::string_view built_in_text();

  // Parses at most 1 MiB. Error: manifest_malformed (kInput), with line and key, for unknown keys,
  // wrong types, names that are not plain file names, digests of the wrong length, and engines that
  // name a file without a row. Never throws.
  static Result<Manifest> parse(std::string_view text);

  const std::vector<ModelEngine>& engines() const { return engines_; }
  const std::vector<ModelFile>& files() const { return files_; }

  // Error: unknown_engine (kInput), which lists the known engines.
  Result<const ModelEngine*> engine(std::string_view name) const;
  // Requires a name of a [[file]] row. All files of an engine have one.
  const ModelFile& file(std::string_view name) const;
  bool has_file(std::string_view name) const;

 private:
  Manifest() = default;
  friend class ManifestReader;

  std::vector<ModelEngine> engines_;
  std::vector<ModelFile> files_;
};

}  // namespace maitred
