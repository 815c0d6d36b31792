// A thin wrapper of SQLite: one connection, cached statements, errors as values.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "maitred/base/file.h"
#include "maitred/base/result.h"

namespace maitred {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

// One open database file. Thread-compatible. Not movable: statements point to it.
class Database {
 public:
  enum class Mode { kCreate, kExisting };

  // Opens the file with WAL, synchronous=FULL, secure_delete and an exclusive lock, which avoids a
  // shared-memory file. The file's schema is not trusted. ":memory:" is allowed.
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& path, Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs statements without arguments or rows.
  Status execute(const std::string& sql);
  // Empties the WAL into the database file. Error: store_failed.
  Status truncate_wal();

  // Checks that the file and its log are still the ones that were opened, and can be written: what
  // is written to a file without a name is lost when it is closed. Error: store_failed.
  Status check_in_place() const;

  sqlite3* handle() const { return handle_; }
  const std::filesystem::path& path() const { return path_; }
  std::int64_t changes() const { return sqlite3_changes64(handle_); }

  // Returns store_corrupt, store_locked or store_failed, by SQLite's code.
  tl::unexpected<Error> failure(int code) const;

 private:
  friend class Query;
  Database(sqlite3* handle, std::filesystem::path path) : handle_(handle), path_(std::move(path)) {}
  Status configure(Mode mode);
  sqlite3_stmt* take(std::string_view sql, int& code);
  void give_back(std::string_view sql, sqlite3_stmt* statement);

  sqlite3* handle_;
  std::filesystem::path path_;
  // The file and its log as they were opened; nothing in memory.
  std::optional<FileIdentity> file_;
  std::optional<FileIdentity> log_;
  std::unordered_map<std::string, std::vector<sqlite3_stmt*>> idle_;
};

// One run of a statement: Query(db, "... ?1 ... ?2", a, b), then next() until it returns false. An
// error while preparing or binding is returned by next(). Requires that `sql` outlives the query.
class Query {
 public:
  template <class... Arguments>
  Query(Database& database, std::string_view sql, const Arguments&... arguments)
      : database_(database), sql_(sql), statement_(database.take(sql, code_)) {
    [[maybe_unused]] int index = 0;
    (bind(++index, arguments), ...);
  }
  ~Query() {
    if (statement_ != nullptr) database_.give_back(sql_, statement_);
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // True if there is a row. Views of its columns are valid until the next call.
  Result<bool> next();
  // Runs the statement to its end and ignores its rows.
  Status run();

  std::string text(int column) const;
  ByteView blob(int column) const;
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
  std::uint64_t count(int column) const { return static_cast<std::uint64_t>(number(column)); }

 private:
  void bind(int index, std::string_view value);
  void bind(int index, ByteView value);
  void bind(int index, const Bytes& value) { bind(index, ByteView(value)); }
  void bind(int index, const std::string& value) { bind(index, std::string_view(value)); }
  void bind(int index, const char* value) { bind(index, std::string_view(value)); }
  void bind(int index, const std::optional<Bytes>& value);
  void bind(int index, std::int64_t value);
  void bind(int index, std::uint64_t value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, int value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, bool value) { bind(index, static_cast<std::int64_t>(value)); }
  void note(int code) {
    if (code_ == SQLITE_OK) code_ = code;
  }

  Database& database_;
  std::string_view sql_;
  int code_ = SQLITE_OK;
  sqlite3_stmt* statement_;
};

}  // namespace maitred
