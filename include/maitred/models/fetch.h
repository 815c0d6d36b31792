// Getting model files: from a folder, or from where their authors publish them. A file has its
// final name only when its SHA-256 is the manifest's.
// Blocking; thread-compatible: one fetch at a time for a destination.
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

// How far one file is. `done_bytes` of `size_bytes`; the last call for a file has them equal.
struct FetchProgress {
  std::string_view file;
  std::uint64_t done_bytes = 0;
  std::uint64_t size_bytes = 0;
};

struct FetchOptions {
  std::filesystem::path destination;
  // A folder that has the files, packed or not; nothing is downloaded then.
  std::optional<std::filesystem::path> from_folder;
  // A mirror: a file is taken from base_url + "/" + its name (+ ".bz2" where upstream packs it).
  // May be http:// (contents are checked in any case); the manifest's URLs are https only. Empty:
  // upstream.
  std::string base_url;
  // Folders that are searched first: what comes with the program or Debian is not fetched.
  std::vector<std::filesystem::path> shipped;

  Milliseconds connect_timeout = std::chrono::seconds(10);
  Milliseconds stall_timeout = std::chrono::seconds(20);  // no byte for so long: given up
  int attempts = 4;                                       // per file, for what may pass by itself
  Milliseconds first_backoff = std::chrono::seconds(1);   // doubles with each attempt

  std::function<void(const FetchProgress&)> progress;  // called from the calling thread
  std::function<bool()> cancelled;                     // asked now and then; true ends the fetch
};

// What became of one file.
struct FetchedFile {
  std::string file;
  std::filesystem::path path;
  bool was_there = false;  // present and right before
};

// Fetches what `engine` needs, or every engine when it is empty. Of alternatives the first is
// fetched, or, from a folder, the first the folder has. Files that are there and right are kept;
// altered ones are replaced. A cut download leaves NAME.part and is resumed by the next call.
// With an empty `engine`, what cannot be downloaded (shipped, packaged) is left out, and a folder
// need not have every engine's files: one engine is enough.
// Errors:
//   unknown_engine (kInput);
//   fetch_failed (kEnvironment): URL or folder, why, and `--from DIR` as the other way;
//   model_altered (kEnvironment): the source has other content than the manifest says; nothing
//     of it is left;
//   model_missing (kEnvironment): the folder does not have the file, or no upstream exists (it
//     comes with maitred or with a Debian package, which the message names);
//   file_unwritable (kEnvironment): the destination.
Result<std::vector<FetchedFile>> fetch_models(const Manifest& manifest, std::string_view engine,
                                              const FetchOptions& options);

}  // namespace maitred
