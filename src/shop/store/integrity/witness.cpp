#include "witness.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace maitred {
namespace {

constexpr std::string_view kWitnessMagic = "maitred generation 1\n";
constexpr std::size_t kSector = 512;
constexpr std::size_t kNumberAt = 32;
constexpr std::size_t kCleanAt = 40;
constexpr std::size_t kHashAt = 48;
constexpr std::size_t kMacAt = 96;
using Sector = std::array<std::uint8_t, kSector>;

Digest mac_of(const Sector& sector, const std::string& store_id, ByteView key) {
  Bytes message(sector.begin(), sector.begin() + kMacAt);
  message.insert(message.end(), store_id.begin(), store_id.end());
  return keyed_hash(key, message);
}

std::optional<WitnessRecord> read_sector(const Sector& sector, const std::string& store_id,
                                         ByteView key) {
  const Digest mac = mac_of(sector, store_id, key);
  if (sodium_memcmp(mac.data(), sector.data() + kMacAt, mac.size()) != 0) return std::nullopt;
  WitnessRecord record;
  std::memcpy(&record.generation, sector.data() + kNumberAt, sizeof record.generation);
  if (sector[kCleanAt] == 1) {
    record.file.emplace();
    std::memcpy(record.file->data(), sector.data() + kHashAt, record.file->size());
  }
  return record;
}

constexpr std::size_t kHashBlock = std::size_t{1} << 20;

// The keyed hash of a closed file.
std::optional<Digest> hash_of_file(const std::filesystem::path& path, ByteView key) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  crypto_generichash_state state;
  crypto_generichash_init(&state, key.data(), key.size(), sizeof(Digest));
  std::vector<std::uint8_t> block(kHashBlock);
  for (;;) {
    const ssize_t got = fd ? ::read(fd.get(), block.data(), block.size()) : -1;
    if (got < 0 && fd && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    crypto_generichash_update(&state, block.data(), static_cast<std::size_t>(got));
  }
  Digest digest{};
  crypto_generichash_final(&state, digest.data(), digest.size());
  return digest;
}

tl::unexpected<Error> witness_failed(const std::filesystem::path& file) {
  return environment_error("store_failed",
                           fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
}

}  // namespace

Result<Digest> hash_of_open_file(Database& database, ByteView key) {
  sqlite3_file* file = nullptr;
  sqlite3_int64 size = 0;
  int code = sqlite3_file_control(database.handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (code == SQLITE_OK) code = file->pMethods->xFileSize(file, &size);
  crypto_generichash_state state;
  crypto_generichash_init(&state, key.data(), key.size(), sizeof(Digest));
  std::vector<std::uint8_t> block(kHashBlock);
  for (sqlite3_int64 offset = 0; code == SQLITE_OK && offset < size;) {
    const int count = static_cast<int>(std::min<sqlite3_int64>(size - offset, kHashBlock));
    code = file->pMethods->xRead(file, block.data(), count, offset);
    crypto_generichash_update(&state, block.data(), static_cast<std::size_t>(count));
    offset += count;
  }
  if (code != SQLITE_OK) return database.failure(code);
  Digest digest{};
  crypto_generichash_final(&state, digest.data(), digest.size());
  return digest;
}

Witness::Witness(std::filesystem::path store, std::string store_id, ByteView key)
    : store_(std::move(store)),
      file_(store_.string() + ".generation"),
      store_id_(std::move(store_id)),
      key_(SecretBytes::copy_of(key)) {}

Witness::~Witness() {
  if (!fd_) return;
  // If the log is not empty, the file alone is not the whole store, so its hash is not noted.
  struct stat log {};
  const bool closed = ::stat((store_.string() + "-wal").c_str(), &log) != 0 || log.st_size == 0;
  const auto hash = hash_of_file(store_, key_.span());
  if (closed && hash) write({generation_, *hash});
  static_cast<void>(::fdatasync(fd_.get()));
}

Result<std::optional<WitnessRecord>> Witness::read() {
  const UniqueFd fd(::open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd && errno == ENOENT) return std::nullopt;
  std::optional<WitnessRecord> newest;
  for (unsigned turn = 0; fd && turn < 2; ++turn) {
    Sector sector{};
    if (::pread(fd.get(), sector.data(), sector.size(), static_cast<off_t>(turn * kSector)) !=
        static_cast<ssize_t>(sector.size())) {
      continue;
    }
    auto record = read_sector(sector, store_id_, key_.span());
    if (!record && !former_key_.empty()) {
      record = read_sector(sector, store_id_, former_key_.span());
    }
    if (!record) continue;
    const bool newer = !newest || record->generation > newest->generation ||
                       (record->generation == newest->generation && record->file);
    if (!newer) continue;
    newest = record;
    turn_ = turn + 1;
  }
  if (newest) return newest;
  return environment_error("store_older",
                           fmt::format("{} is damaged or another store's, so {} may be an old "
                                       "copy: restore a backup, or, if you "
                                       "know the reason, accept it with maitredctl audit accept",
                                       file_.string(), store_.string()));
}

Status Witness::begin(std::uint64_t generation) {
  fd_ = UniqueFd(::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd_) return witness_failed(file_);
  generation_ = generation;
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0 || status.st_size != 2 * kSector) {
    if (::ftruncate(fd_.get(), 0) != 0 || ::posix_fallocate(fd_.get(), 0, 2 * kSector) != 0) {
      return witness_failed(file_);
    }
    turn_ = 0;
  }
  write({generation, std::nullopt});
  const auto folder = store_.has_parent_path() ? store_.parent_path() : ".";
  const UniqueFd folder_fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (::fsync(fd_.get()) != 0 || !folder_fd || ::fsync(folder_fd.get()) != 0) {
    return witness_failed(file_);
  }
  return {};
}

Status Witness::turn_to(ByteView key) {
  key_ = SecretBytes::copy_of(key);
  former_key_ = SecretBytes();
  if (!fd_) return {};
  // Both sectors: one under the former key would be worth nothing after the rotation.
  const bool both = write({generation_, std::nullopt}) && write({generation_, std::nullopt});
  if (both && ::fdatasync(fd_.get()) == 0) return {};
  return witness_failed(file_);
}

void Witness::note(std::uint64_t generation) {
  if (!fd_) return;
  generation_ = generation;
  write({generation, std::nullopt});
}

bool Witness::write(const WitnessRecord& record) {
  Sector sector{};
  std::memcpy(sector.data(), kWitnessMagic.data(), kWitnessMagic.size());
  std::memcpy(sector.data() + kNumberAt, &record.generation, sizeof record.generation);
  if (record.file) {
    sector[kCleanAt] = 1;
    std::memcpy(sector.data() + kHashAt, record.file->data(), record.file->size());
  }
  const Digest mac = mac_of(sector, store_id_, key_.span());
  std::memcpy(sector.data() + kMacAt, mac.data(), mac.size());
  // The other sector keeps the record before this one, in case this write is torn.
  const auto offset = static_cast<off_t>(turn_ % 2 * kSector);
  if (::pwrite(fd_.get(), sector.data(), sector.size(), offset) !=
      static_cast<ssize_t>(sector.size())) {
    return false;
  }
  ++turn_;
  return true;
}

}  // namespace maitred
