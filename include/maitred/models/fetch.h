// Fetches model files from a folder or from their publishers. A file gets its final name only after
// its SHA-256 matches the manifest. Blocking; thread-compatible: one fetch at a time for a
// destination.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/models/manifest.h"

namespace maitred {

// The progress of one file: `done_bytes` of `size_bytes`. They are equal in the last call for it.
struct FetchProgress {
  std::string_view file;
  std::uint64_t done_bytes = 0;
  std::uint64_t size_bytes = 0;
};

struct FetchOptions {
  std::filesystem::path destination;
  // A folder with the files, packed or not. If it is given, nothing is downloaded.
  std::optional<std::filesystem::path> from_folder;
  // A mirror that has the files as base_url + "/" + name (+ ".bz2" if upstream packs it); empty for
  // upstream. May be http://, because the contents are always checked.
  std::string base_url;
  // Folders searched first: files that come with the program or with Debian are not fetched.
  std::vector<std::filesystem::path> shipped;

  Milliseconds connect_timeout = std::chrono::seconds(10);
  Milliseconds stall_timeout = std::chrono::seconds(20);  // longest time without a byte
  int attempts = 4;                                       // per file, for transient failures
  Milliseconds first_backoff = std::chrono::seconds(1);   // doubles with each attempt

  std::function<void(const FetchProgress&)> progress;  // called from the calling thread
  std::function<bool()> cancelled;                     // called periodically; true ends the fetch
};

// The result for one file.
struct FetchedFile {
  std::string file;
  std::filesystem::path path;
  bool was_there = false;  // was present and right before
};

// Fetches the files of `engine`, or of every engine if it is empty. Of alternatives it fetches the
// first, or the first that the folder has. Keeps files that are right and replaces altered ones. A
// cut download leaves NAME.part, and the next call resumes it. With an empty `engine`, skips files
// that cannot be downloaded (shipped, packaged), and a folder needs the files of one engine only.
// Errors:
//   unknown_engine (kInput);
//   fetch_failed (kEnvironment): names URL or folder, the reason, and `--from DIR` as alternative;
//   model_altered (kEnvironment): the checksum does not match the manifest; nothing is kept;
//   model_missing (kEnvironment): the folder does not have the file, or no upstream exists (it
//     comes with maitred or with a Debian package, which the message names);
//   file_unwritable (kEnvironment): the destination.
Result<std::vector<FetchedFile>> fetch_models(const Manifest& manifest, std::string_view engine,
                                              const FetchOptions& options);

}  // namespace maitred
