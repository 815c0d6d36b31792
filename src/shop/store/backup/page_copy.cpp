#include "page_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "maitred/base/file.h"
#include "src/shop/store/database/store_file.h"

namespace maitred {

Result<std::unique_ptr<PageCopy>> PageCopy::begin(Database& source,
                                                  const std::filesystem::path& target) {
  std::unique_ptr<PageCopy> copy(new PageCopy(source, target));
  erase_database(target);
  { const UniqueFd fd(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)); }
  int code = sqlite3_open_v2(target.c_str(), &copy->handle_,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code == SQLITE_OK) {
    code = sqlite3_exec(copy->handle_, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", nullptr,
                        nullptr, nullptr);
  }
  if (code == SQLITE_OK) {
    copy->backup_ = sqlite3_backup_init(copy->handle_, "main", source.handle(), "main");
    if (copy->backup_ == nullptr) code = sqlite3_errcode(copy->handle_);
  }
  if (code != SQLITE_OK) return copy->failed(code);
  return copy;
}

Result<bool> PageCopy::step(int pages) {
  const int code = sqlite3_backup_step(backup_, pages);
  if (code == SQLITE_OK) return false;
  if (code != SQLITE_DONE) return failed(code);
  const int ended = end();
  return ended == SQLITE_OK ? Result<bool>(true) : failed(ended);
}

std::uint64_t PageCopy::pages_done() const {
  return static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup_) -
                                    sqlite3_backup_remaining(backup_));
}

int PageCopy::end() {
  const int finished = backup_ == nullptr ? SQLITE_OK : sqlite3_backup_finish(backup_);
  backup_ = nullptr;
  const int closed = sqlite3_close(handle_);
  handle_ = nullptr;
  return finished != SQLITE_OK ? finished : closed;
}

tl::unexpected<Error> PageCopy::failed(int code) const {
  return environment_error(
      "backup_failed",
      fmt::format("cannot copy {} to {} for the backup: {}; is there enough room?",
                  source_.path().string(), target_.string(), sqlite3_errstr(code)));
}

}  // namespace maitred
