#include "maitred/models/fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "digest.h"
#include "download.h"
#include "maitred/base/file.h"
#include "maitred/models/verify.h"
#include "paths.h"
#include "unpack.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

std::string archive_name(const ModelFile& file) { return file.name + ".bz2"; }

void remove_file(const fs::path& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
}

tl::unexpected<Error> unwritable(const fs::path& path, std::string_view why) {
  return environment_error(
      "file_unwritable",
      fmt::format("cannot write {}: {}; make the folder writable, or choose another one with "
                  "[models] dir",
                  path.string(), why));
}

tl::unexpected<Error> altered(std::string_view source, std::string_view why) {
  return environment_error(
      "model_altered", fmt::format("the checksum of {} does not match the manifest ({}); nothing "
                                   "was kept; get the file elsewhere and use --from DIR",
                                   source, why));
}

// Fetches the files of one call. Thread-compatible.
class Fetch {
 public:
  Fetch(const Manifest& manifest, const FetchOptions& options)
      : manifest_(manifest), options_(options) {}

  // `all`: skips files that cannot be had this way.
  Result<std::vector<FetchedFile>> engine(const ModelEngine& engine, bool all);
  Status prepare_destination() const;

 private:
  Result<FetchedFile> role(const std::vector<std::string>& names);
  // Returns the right file among the alternatives, if any.
  std::optional<FetchedFile> present(const std::vector<std::string>& names) const;
  Status from_folder(const ModelFile& file) const;
  Status from_upstream(const ModelFile& file) const;
  Status download_to(const ModelFile& file, const std::string& url, const fs::path& part) const;
  // Checks `candidate` and renames it to the name of the file.
  Status adopt(const ModelFile& file, const fs::path& candidate, std::string_view source) const;
  Status adopt_archive(const ModelFile& file, const fs::path& archive,
                       std::string_view source) const;
  bool folder_has(const std::string& name) const;
  bool can_have(const ModelFile& file) const;
  void report(const ModelFile& file, std::uint64_t done, std::uint64_t size) const;
  bool wait(Milliseconds time) const;

  const Manifest& manifest_;
  const FetchOptions& options_;
};

void Fetch::report(const ModelFile& file, std::uint64_t done, std::uint64_t size) const {
  if (options_.progress) options_.progress({file.name, done, size});
}

// False if cancelled.
bool Fetch::wait(Milliseconds time) const {
  const auto until = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < until) {
    if (options_.cancelled && options_.cancelled()) return false;
    std::this_thread::sleep_for(std::min(time, Milliseconds(50)));
  }
  return true;
}

bool Fetch::folder_has(const std::string& name) const {
  const ModelFile& file = manifest_.file(name);
  return is_there(*options_.from_folder / name) ||
         (file.archive && is_there(*options_.from_folder / archive_name(file)));
}

bool Fetch::can_have(const ModelFile& file) const {
  if (options_.from_folder) return folder_has(file.name);
  return !file.url.empty();
}

Status Fetch::prepare_destination() const {
  std::error_code failed;
  fs::create_directories(options_.destination, failed);
  if (failed) return unwritable(options_.destination, failed.message());
  return {};
}

std::optional<FetchedFile> Fetch::present(const std::vector<std::string>& names) const {
  for (const std::string& name : names) {
    std::vector<fs::path> folders = {options_.destination};
    folders.insert(folders.end(), options_.shipped.begin(), options_.shipped.end());
    for (const fs::path& folder : folders) {
      if (!is_there(folder / name)) continue;
      if (verify_model_file(manifest_.file(name), folder / name)) {
        return FetchedFile{name, folder / name, true};
      }
      break;  // the first file found is the one that is loaded, so it must be replaced
    }
  }
  return std::nullopt;
}

Result<std::vector<FetchedFile>> Fetch::engine(const ModelEngine& engine, bool all) {
  std::vector<FetchedFile> fetched;
  for (const auto& [role_of, names] : engine.files) {
    const bool obtainable = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return can_have(manifest_.file(name));
    });
    if ((all || is_optional(role_of)) && !obtainable && !present(names)) continue;
    MAITRED_ASSIGN(FetchedFile file, role(names));
    fetched.push_back(std::move(file));
  }
  return fetched;
}

Result<FetchedFile> Fetch::role(const std::vector<std::string>& names) {
  if (auto found = present(names)) {
    const ModelFile& file = manifest_.file(found->file);
    report(file, file.size_bytes, file.size_bytes);
    return *found;
  }
  std::string name = names.front();
  if (options_.from_folder) {
    const auto had = std::find_if(names.begin(), names.end(),
                                  [&](const std::string& other) { return folder_has(other); });
    if (had != names.end()) name = *had;
  }
  const ModelFile& file = manifest_.file(name);
  MAITRED_TRY(options_.from_folder ? from_folder(file) : from_upstream(file));
  return FetchedFile{name, options_.destination / name, false};
}

Status Fetch::adopt(const ModelFile& file, const fs::path& candidate,
                    std::string_view source) const {
  std::error_code failed;
  const auto size_bytes = fs::file_size(candidate, failed);
  if (failed) return unwritable(candidate, failed.message());
  MAITRED_ASSIGN(const std::string digest, sha256_of_file(candidate));
  if (digest != file.sha256) {
    remove_file(candidate);
    return altered(source,
                   fmt::format("{} bytes with SHA-256 {} instead of {} with {}", size_bytes,
                               digest_start(digest), file.size_bytes, digest_start(file.sha256)));
  }
  const fs::path target = options_.destination / file.name;
  fs::permissions(candidate, fs::perms(0644), failed);
  fs::rename(candidate, target, failed);
  if (failed) return unwritable(target, failed.message());
  return {};
}

Status Fetch::adopt_archive(const ModelFile& file, const fs::path& archive,
                            std::string_view source) const {
  MAITRED_ASSIGN(const std::string sha256, sha256_of_file(archive));
  MAITRED_ASSIGN(const std::string blob, git_blob_of_file(archive));
  if (!file.archive->sha256.empty() && sha256 != file.archive->sha256) {
    return altered(source, fmt::format("SHA-256 {} instead of {}", digest_start(sha256),
                                       digest_start(file.archive->sha256)));
  }
  if (!file.archive->git_blob.empty() && blob != file.archive->git_blob) {
    return altered(source, fmt::format("git blob {} instead of {}", digest_start(blob),
                                       digest_start(file.archive->git_blob)));
  }
  const fs::path unpacked = options_.destination / (file.name + ".unpacked");
  if (Status status = unpack_bzip2(archive, unpacked, file.size_bytes); !status) {
    remove_file(unpacked);
    if (status.error().code == "file_unwritable") return status;
    return altered(source, status.error().message);
  }
  return adopt(file, unpacked, source);
}

Status Fetch::from_folder(const ModelFile& file) const {
  const fs::path plain = *options_.from_folder / file.name;
  const fs::path packed = *options_.from_folder / archive_name(file);
  if (!is_there(plain)) {
    if (file.archive && is_there(packed)) return adopt_archive(file, packed, packed.string());
    return environment_error("model_missing",
                             fmt::format("{} is not in {}; choose another folder with --from DIR, "
                                         "or leave --from out to download it",
                                         file.name, options_.from_folder->string()));
  }
  const fs::path copy = options_.destination / (file.name + ".copy");
  std::error_code failed;
  fs::copy_file(plain, copy, fs::copy_options::overwrite_existing, failed);
  if (failed) {
    remove_file(copy);
    return unwritable(copy, failed.message());
  }
  MAITRED_TRY(adopt(file, copy, plain.string()));
  report(file, file.size_bytes, file.size_bytes);
  return {};
}

Status Fetch::download_to(const ModelFile& file, const std::string& url,
                          const fs::path& part) const {
  const std::uint64_t size_bytes = file.archive ? file.archive->size_bytes : file.size_bytes;
  const DownloadRequest request{
      .url = url,
      .part = part,
      .size_bytes = size_bytes,
      .connect_timeout = options_.connect_timeout,
      .stall_timeout = options_.stall_timeout,
      .progress = [&](std::uint64_t done) { report(file, std::min(done, size_bytes), size_bytes); },
      .cancelled = options_.cancelled};
  Milliseconds backoff = options_.first_backoff;
  DownloadResult result;
  bool resumed = false;
  for (int attempt = 1;; ++attempt) {
    result = download(request);
    resumed = resumed || result.resumed;
    if (result.end == DownloadEnd::kComplete) return {};
    if (result.end == DownloadEnd::kUnwritable) return unwritable(part, result.why);
    if (result.end == DownloadEnd::kWrongSize) {
      remove_file(part);
      // The part file may be of another file. Tries once more from the start.
      if (!resumed || attempt >= options_.attempts) return altered(url, result.why);
      resumed = false;
      continue;
    }
    const int most = result.end == DownloadEnd::kTransient     ? options_.attempts
                     : result.end == DownloadEnd::kUnreachable ? std::min(2, options_.attempts)
                                                               : 1;
    if (attempt >= most || !wait(backoff)) break;
    backoff *= 2;
  }
  std::error_code ignored;
  if (fs::file_size(part, ignored) == 0) remove_file(part);
  return environment_error(
      "fetch_failed",
      fmt::format("cannot fetch {}: {}; try again later (the part received is kept), or take the "
                  "file from a folder with `maitredctl models fetch --from DIR`",
                  url, result.why));
}

Status Fetch::from_upstream(const ModelFile& file) const {
  if (file.url.empty()) {
    const std::string how = file.shipped ? std::string("it is part of maitred: reinstall maitred")
                                         : fmt::format(
                                               "install the Debian package that brings it: apt-get "
                                               "install {}",
                                               file.package);
    return environment_error("model_missing",
                             fmt::format("{} cannot be downloaded; {}", file.name, how));
  }
  const std::string remote_name = file.archive ? archive_name(file) : file.name;
  const std::string url =
      options_.base_url.empty() ? file.url : fmt::format("{}/{}", options_.base_url, remote_name);
  const fs::path part = options_.destination / (remote_name + ".part");
  const bool had_part = is_there(part);
  for (bool again = had_part;; again = false) {
    MAITRED_TRY(download_to(file, url, part));
    Status status = file.archive ? adopt_archive(file, part, url) : adopt(file, part, url);
    if (status || status.error().code == "model_altered") remove_file(part);
    if (status || !again || status.error().code != "model_altered") return status;
    // The part file may have been of another file. Tries once more from the start.
  }
}

}  // namespace

Result<std::vector<FetchedFile>> fetch_models(const Manifest& manifest, std::string_view engine,
                                              const FetchOptions& options) {
  const bool all = engine.empty();
  std::vector<const ModelEngine*> engines;
  if (all) {
    for (const ModelEngine& row : manifest.engines()) engines.push_back(&row);
  } else {
    MAITRED_ASSIGN(const ModelEngine* row, manifest.engine(engine));
    engines.push_back(row);
  }
  Fetch fetch(manifest, options);
  MAITRED_TRY(fetch.prepare_destination());
  std::vector<FetchedFile> fetched;
  for (const ModelEngine* row : engines) {
    MAITRED_ASSIGN(const auto files, fetch.engine(*row, all));
    for (const FetchedFile& file : files) {
      const bool known = std::any_of(fetched.begin(), fetched.end(), [&](const FetchedFile& other) {
        return other.file == file.file;
      });
      if (!known) fetched.push_back(file);
    }
  }
  if (fetched.empty() && options.from_folder) {
    return environment_error(
        "model_missing", fmt::format("{} has none of the files of the manifest; see `maitredctl "
                                     "models list` for their names",
                                     options.from_folder->string()));
  }
  return fetched;
}

}  // namespace maitred
