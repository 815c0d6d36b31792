#include "database.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>

#include "erasing_disk.h"
#include "sqlite_memory.h"

namespace maitred {
namespace {

// Longest value that SQLite may allocate, so that a damaged length cannot exhaust the memory.
constexpr int kLongestValue = 32 << 20;

// Size of the page cache. It grows with the file, because the start reads the indices of a large
// store in random order.
std::uintmax_t cache_kib(const std::filesystem::path& path) {
  constexpr std::uintmax_t kLeast = 2000;
  constexpr std::uintmax_t kMost = 16384;
  std::error_code absent;
  const std::uintmax_t size_bytes = std::filesystem::file_size(path, absent);
  return absent ? kLeast : std::clamp(size_bytes / 32 / 1024, kLeast, kMost);
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& path, Mode mode) {
  wipe_freed_sqlite_memory();
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (mode == Mode::kCreate ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, erasing_disk());
  std::unique_ptr<Database> database(new Database(handle, path));
  if (code != SQLITE_OK) return database->failure(code);
  MAITRED_TRY(database->configure(mode));
  database->file_ = identity_of(path);
  database->log_ = identity_of(path.string() + "-wal");
  return database;
}

Database::~Database() {
  for (auto& [sql, statements] : idle_) {
    for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
  }
  sqlite3_close_v2(handle_);
}

Status Database::configure(Mode mode) {
  // The file may come from an attacker: its schema must not run code or change the program's
  // tables.
  sqlite3_limit(handle_, SQLITE_LIMIT_LENGTH, kLongestValue);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  if (mode == Mode::kCreate) {
    MAITRED_TRY(execute("PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL"));
  }
  MAITRED_TRY(
      execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;"
              "PRAGMA mmap_size=0; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
              "PRAGMA secure_delete=ON; PRAGMA foreign_keys=ON"));
  return execute(fmt::format("PRAGMA cache_size=-{}", cache_kib(path_)));
}

Status Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(code);
  return {};
}

Status Database::truncate_wal() {
  Query checkpoint(*this, "PRAGMA wal_checkpoint(TRUNCATE)");
  MAITRED_ASSIGN(const bool row, checkpoint.next());
  if (!row || checkpoint.number(0) != 0) {
    return environment_error("store_failed",
                             fmt::format("the write-ahead log of {} could not be emptied; restart "
                                         "the program that has it open",
                                         path_.string()));
  }
  return {};
}

Status Database::check_in_place() const {
  const std::filesystem::path log = path_.string() + "-wal";
  const bool file_stays = !file_ || identity_of(path_) == file_;
  if (!file_stays || (log_ && identity_of(log) != log_)) {
    return environment_error(
        "store_failed",
        fmt::format("{} was deleted or replaced while it was open, so nothing more can be stored: "
                    "put it back or restore a backup, then start maitred again",
                    (file_stays ? log : path_).string()));
  }
  struct statvfs disk {};
  if (!file_ || ::statvfs(path_.c_str(), &disk) != 0 || (disk.f_flag & ST_RDONLY) == 0) return {};
  return environment_error("store_failed",
                           fmt::format("cannot write {}: its file system is read-only now; look "
                                       "for disk errors with dmesg",
                                       path_.string()));
}

tl::unexpected<Error> Database::failure(int code) const {
  const std::string file = path_.string();
  // SQLite reports a full disk as an I/O error if it was not a database page that did not fit.
  const bool full = sqlite3_system_errno(handle_) == ENOSPC && (code & 0xff) == SQLITE_IOERR;
  switch (full ? SQLITE_FULL : code & 0xff) {
    case SQLITE_ERROR:  // the statements are ours, so it is the file they do not fit
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_MISMATCH:
      return environment_error(
          "store_corrupt",
          fmt::format("{} is damaged or is not a store ({}): restore it from a backup", file,
                      sqlite3_errmsg(handle_)));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return environment_error("store_locked",
                               fmt::format("{} is in use by another program", file));
    case SQLITE_FULL:
      return environment_error(
          "store_failed", fmt::format("no space left for {}: free some, then try again", file));
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
      return environment_error(
          "store_failed",
          fmt::format("cannot write {}: check the permissions of it and its folder", file));
    default:
      return environment_error(
          "store_failed", fmt::format("{}: {} (SQLite code {}): check disk and permissions", file,
                                      sqlite3_errmsg(handle_), code));
  }
}

sqlite3_stmt* Database::take(std::string_view sql, int& code) {
  // Nested runs of the same statement each need a statement of their own.
  const auto idle = idle_.find(std::string(sql));
  if (idle != idle_.end() && !idle->second.empty()) {
    sqlite3_stmt* statement = idle->second.back();
    idle->second.pop_back();
    return statement;
  }
  sqlite3_stmt* statement = nullptr;
  code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                            SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  return statement;
}

void Database::give_back(std::string_view sql, sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  idle_[std::string(sql)].push_back(statement);
}

Result<bool> Query::next() {
  if (code_ != SQLITE_OK) return database_.failure(code_);
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_.failure(code);
}

Status Query::run() {
  for (;;) {
    MAITRED_ASSIGN(const bool row, next());
    if (!row) return {};
  }
}

std::string Query::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

ByteView Query::blob(int column) const {
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

void Query::bind(int index, std::string_view value) {
  if (statement_ == nullptr) return;
  note(sqlite3_bind_text64(statement_, index, value.data() == nullptr ? "" : value.data(),
                           value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Query::bind(int index, ByteView value) {
  if (statement_ == nullptr) return;
  note(value.empty()
           ? sqlite3_bind_zeroblob(statement_, index, 0)
           : sqlite3_bind_blob64(statement_, index, value.data(), value.size(), SQLITE_TRANSIENT));
}

void Query::bind(int index, const std::optional<Bytes>& value) {
  if (statement_ == nullptr) return;
  if (value.has_value()) {
    bind(index, ByteView(*value));
  } else {
    note(sqlite3_bind_null(statement_, index));
  }
}

void Query::bind(int index, std::int64_t value) {
  if (statement_ == nullptr) return;
  note(sqlite3_bind_int64(statement_, index, value));
}

}  // namespace maitred
