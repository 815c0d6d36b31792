// Turns photos into templates in a process that holds no key: `maitred-eye --photos`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"

namespace maitred {

enum class PhotoPurpose { kEnrol, kProbe };

// Keeps one process for many photos, because its start takes longer than a photo. If the process
// dies of a photo, the next photo gets a new process.
class PhotoProber {
 public:
  // `engine` is the configured one if it is empty.
  PhotoProber(std::filesystem::path settings_file, PhotoPurpose purpose, std::string engine = {});
  ~PhotoProber();
  PhotoProber(const PhotoProber&) = delete;
  PhotoProber& operator=(const PhotoProber&) = delete;

  // The report of maitred-eye: engine, template (base64), quality, warnings, ... Errors:
  // file_missing and the like; those of the report (named with the file); photo_failed
  // (kEnvironment) when the process cannot be started, photo_refused (kInput) when it dies of the
  // photo or takes too long with it.
  Result<nlohmann::json> probe(const std::filesystem::path& photo);
  // The same for a photo in memory; `name` stands in errors.
  Result<nlohmann::json> probe(const std::vector<std::uint8_t>& photo, const std::string& name);

 private:
  struct Process;
  Result<nlohmann::json> probe_once(const std::vector<std::uint8_t>& bytes,
                                    const std::string& name);

  const std::filesystem::path settings_file_;
  const PhotoPurpose purpose_;
  const std::string engine_;
  std::unique_ptr<Process> process_;
};

// Reads the line that maitred-eye answers for the photo `name`. Errors: those it reports, kInput
// with the name before the message; photo_failed (kEnvironment) for anything but an answer. Pure.
Result<nlohmann::json> read_photo_answer(std::string_view line, const std::string& name);

}  // namespace maitred
