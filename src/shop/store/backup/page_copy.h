// A consistent copy of a store's database, made while it is used.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>

#include "maitred/base/result.h"
#include "src/shop/store/database/database.h"

namespace maitred {

// SQLite's online backup into another file; changes by this process are carried over. Two copies of
// the same state are identical. Error: backup_failed (kEnvironment).
class PageCopy {
 public:
  static Result<std::unique_ptr<PageCopy>> begin(Database& source,
                                                 const std::filesystem::path& target);
  ~PageCopy() { end(); }
  PageCopy(const PageCopy&) = delete;
  PageCopy& operator=(const PageCopy&) = delete;

  // True if everything is copied.
  Result<bool> step(int pages);
  std::uint64_t pages_done() const;

 private:
  PageCopy(Database& source, std::filesystem::path target)
      : source_(source), target_(std::move(target)) {}
  int end();
  tl::unexpected<Error> failed(int code) const;

  Database& source_;
  std::filesystem::path target_;
  sqlite3* handle_ = nullptr;
  sqlite3_backup* backup_ = nullptr;
};

}  // namespace maitred
