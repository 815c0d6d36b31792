// Reads models/manifest.toml. Its head comment describes the schema.
#include <fmt/format.h>
#include <toml++/toml.h>

#include <limits>

#include "maitred/base/one_line.h"
#include "maitred/models/manifest.h"
#include "manifest_section.h"

namespace maitred {
namespace {

constexpr std::size_t kManifestLimit_bytes = 1U << 20U;
constexpr std::int64_t kFileLimit_bytes = std::int64_t{2} << 30U;
constexpr std::size_t kSha256Digits = 64;
constexpr std::size_t kSha1Digits = 40;

// True for a name that stays in its folder and is not hidden.
bool is_plain_file_name(std::string_view name) {
  return name.size() <= 100 && name.front() != '.' && name.front() != '-' &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
             "0123456789._-") == std::string_view::npos;
}

Result<ModelArchive> read_archive(const toml::table& table) {
  ManifestSection section(table, "file.archive");
  ModelArchive archive;
  MAITRED_ASSIGN(archive.format, section.word("format", {"bzip2"}));
  MAITRED_ASSIGN(const auto size, section.integer("size_bytes", 1, kFileLimit_bytes));
  archive.size_bytes = static_cast<std::uint64_t>(size);
  MAITRED_ASSIGN(archive.sha256, section.optional_hex("sha256", kSha256Digits));
  MAITRED_ASSIGN(archive.git_blob, section.optional_hex("git_blob", kSha1Digits));
  MAITRED_TRY(section.finish());
  if (archive.sha256.empty() && archive.git_blob.empty()) {
    return malformed(table, "file.archive", "needs sha256, git_blob or both");
  }
  return archive;
}

Result<ModelFile> read_file_row(const toml::table& table) {
  ManifestSection section(table, "file");
  ModelFile file;
  MAITRED_ASSIGN(file.name, section.text("name"));
  if (!is_plain_file_name(file.name)) {
    return malformed(table, "file.name", "must be a plain file name without a folder");
  }
  MAITRED_ASSIGN(file.url, section.optional_text("url"));
  if (!file.url.empty() && !file.url.starts_with("https://")) {
    return malformed(table, "file.url", "must begin with https://");
  }
  MAITRED_ASSIGN(file.sha256, section.optional_hex("sha256", kSha256Digits));
  if (file.sha256.empty()) return malformed(table, "file.sha256", "is missing");
  MAITRED_ASSIGN(const auto size, section.integer("size_bytes", 1, kFileLimit_bytes));
  file.size_bytes = static_cast<std::uint64_t>(size);
  MAITRED_ASSIGN(file.licence, section.text("licence"));
  MAITRED_ASSIGN(file.source, section.text("source"));
  MAITRED_ASSIGN(file.package, section.optional_text("package"));
  MAITRED_ASSIGN(file.shipped, section.optional_flag("shipped"));
  MAITRED_ASSIGN(file.by_hand, section.optional_flag("by_hand"));
  if (section.has("archive")) {
    MAITRED_ASSIGN(const auto* archive, section.table("archive"));
    MAITRED_ASSIGN(file.archive, read_archive(*archive));
  }
  MAITRED_TRY(section.finish());
  if (file.url.empty() && file.package.empty() && !file.shipped && !file.by_hand) {
    return malformed(table, "file",
                     "needs url, package, by_hand or shipped = true: nobody could get it");
  }
  return file;
}

Result<CalibrationPoint> read_point(const toml::node& node) {
  const auto wrong = [&] {
    return malformed(node, "engine.calibration",
                     "must be rows of [threshold, fmr, fnmr], a cosine and two fractions");
  };
  const auto* row = node.as_array();
  if (row == nullptr || row->size() != 3) return wrong();
  const auto threshold = (*row)[0].value<double>();
  const auto fmr = (*row)[1].value<double>();
  const auto fnmr = (*row)[2].value<double>();
  const auto is_rate = [](double value) { return value >= 0 && value <= 1; };
  if (!threshold || !(*threshold >= -1 && *threshold <= 1)) return wrong();
  if (!fmr || !is_rate(*fmr) || !fnmr || !is_rate(*fnmr)) return wrong();
  return CalibrationPoint{*threshold, *fmr, *fnmr};
}

Result<std::vector<CalibrationPoint>> read_calibration(const toml::array& rows) {
  std::vector<CalibrationPoint> points;
  for (const toml::node& node : rows) {
    MAITRED_ASSIGN(const CalibrationPoint point, read_point(node));
    if (!points.empty()) {
      const CalibrationPoint& last = points.back();
      if (point.threshold <= last.threshold || point.fmr >= last.fmr || point.fnmr < last.fnmr) {
        return malformed(node, "engine.calibration",
                         "must have rising thresholds, falling fmr and rising fnmr");
      }
    }
    points.push_back(point);
  }
  return points;
}

Result<std::vector<std::string>> read_names(const toml::node& node, std::string_view key) {
  const auto* names = node.as_array();
  if (names == nullptr || names->empty()) {
    return malformed(node, key, "must be an array of file names");
  }
  std::vector<std::string> result;
  for (const toml::node& name : *names) {
    const auto* text = name.as_string();
    if (text == nullptr) return malformed(name, key, "must be an array of file names");
    result.push_back(text->get());
  }
  return result;
}

Status read_input_size(ManifestSection& section, ModelEngine& engine) {
  MAITRED_ASSIGN(const auto* size, section.array("input"));
  const auto side = [&](std::size_t index) -> std::int64_t {
    const auto* value = size->size() == 2 ? (*size)[index].as_integer() : nullptr;
    return value == nullptr ? 0 : value->get();
  };
  for (const std::size_t index : {0U, 1U}) {
    if (side(index) < 16 || side(index) > 1024) {
      return malformed(*size, "engine.input", "must be [width, height], each 16 to 1024 px");
    }
  }
  engine.input_width_px = static_cast<int>(side(0));
  engine.input_height_px = static_cast<int>(side(1));
  return {};
}

Result<ModelEngine> read_engine_row(const toml::table& table) {
  ManifestSection section(table, "engine");
  ModelEngine engine;
  MAITRED_ASSIGN(engine.name, section.text("name"));
  if (!is_plain_file_name(engine.name)) {
    return malformed(table, "engine.name", "must be letters, digits, dots and dashes");
  }
  MAITRED_ASSIGN(engine.detector, section.word("detector", {"yunet", "dlib-frontal"}));
  MAITRED_ASSIGN(engine.embedder, section.word("embedder", {"openvino", "onnx", "dlib-resnet"}));
  MAITRED_ASSIGN(engine.standing, section.word("standing", {"production", "demo"}));
  MAITRED_TRY(read_input_size(section, engine));
  MAITRED_ASSIGN(const auto length, section.integer("template_length", 1, 4096));
  engine.template_length = static_cast<int>(length);
  MAITRED_ASSIGN(engine.licence, section.text("licence"));
  MAITRED_ASSIGN(engine.trained_on, section.text("trained_on"));
  MAITRED_ASSIGN(engine.published_accuracy, section.text("published_accuracy"));
  MAITRED_ASSIGN(const auto* points, section.array("calibration"));
  MAITRED_ASSIGN(engine.calibration, read_calibration(*points));
  MAITRED_ASSIGN(const auto* files, section.table("files"));
  for (const auto& [key, node] : *files) {
    const auto role = model_role_from_name(key.str());
    const std::string full_key = fmt::format("engine.files.{}", key.str());
    if (!role) return malformed(node, full_key, "is not known");
    MAITRED_ASSIGN(engine.files[*role], read_names(node, full_key));
  }
  if (!engine.files.contains(ModelRole::kEmbedder)) {
    return malformed(*files, "engine.files.embedder", "is missing");
  }
  MAITRED_TRY(section.finish());
  return engine;
}

// Calls `read(table)` for each [[key]].
template <class Read>
Status for_each_row(ManifestSection& root, std::string_view key, Read read) {
  MAITRED_ASSIGN(const auto* rows, root.array(key));
  for (const toml::node& node : *rows) {
    const auto* table = node.as_table();
    if (table == nullptr) return malformed(node, key, "must be tables: [[file]] and [[engine]]");
    MAITRED_TRY(read(*table));
  }
  return {};
}

}  // namespace

// Builds a Manifest. The only class that may do so.
class ManifestReader {
 public:
  static Result<Manifest> read(const toml::table& table) {
    ManifestSection root(table, "");
    MAITRED_TRY(root.integer("format", 1, 1));
    Manifest manifest;
    const auto add_file = [&](const toml::table& row) {
      return ManifestReader::add_file(manifest, row);
    };
    const auto add_engine = [&](const toml::table& row) {
      return ManifestReader::add_engine(manifest, row);
    };
    MAITRED_TRY(for_each_row(root, "file", add_file));
    MAITRED_TRY(for_each_row(root, "engine", add_engine));
    MAITRED_TRY(root.finish());
    return manifest;
  }

 private:
  static Status add_file(Manifest& manifest, const toml::table& row) {
    MAITRED_ASSIGN(ModelFile file, read_file_row(row));
    if (manifest.has_file(file.name)) {
      return malformed(row, "file.name", fmt::format("\"{}\" appears twice", file.name));
    }
    manifest.files_.push_back(std::move(file));
    return {};
  }

  static Status add_engine(Manifest& manifest, const toml::table& row) {
    MAITRED_ASSIGN(ModelEngine engine, read_engine_row(row));
    MAITRED_TRY(check_engine(manifest, engine, row));
    manifest.engines_.push_back(std::move(engine));
    return {};
  }

  static Status check_engine(const Manifest& manifest, const ModelEngine& engine,
                             const toml::table& row) {
    if (manifest.engine(engine.name)) {
      return malformed(row, "engine.name", fmt::format("\"{}\" appears twice", engine.name));
    }
    for (const auto& [role, names] : engine.files) {
      for (const std::string& name : names) {
        if (manifest.has_file(name)) continue;
        return malformed(row, fmt::format("engine.files.{}", model_role_name(role)),
                         fmt::format("\"{}\" has no [[file]] row", name));
      }
    }
    return {};
  }
};

Result<Manifest> Manifest::parse(std::string_view text) {
  if (text.size() > kManifestLimit_bytes) {
    return input_error("manifest_malformed",
                       fmt::format("models manifest: {} bytes are more than the limit of {}",
                                   text.size(), kManifestLimit_bytes));
  }
  try {
    const toml::table table = toml::parse(text);
    return ManifestReader::read(table);
  } catch (const toml::parse_error& error) {
    return input_error("manifest_malformed",
                       one_line(fmt::format("models manifest, line {}: {}",
                                            error.source().begin.line, error.description())));
  } catch (const std::exception& error) {
    return input_error("manifest_malformed",
                       one_line(fmt::format("models manifest: {}", error.what())));
  }
}

}  // namespace maitred
