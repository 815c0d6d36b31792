#include "journal_stream.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>

namespace maitred {

bool stderr_is_journal(const char* journal_stream) {
  if (journal_stream == nullptr) return false;
  struct stat own {};
  if (::fstat(STDERR_FILENO, &own) != 0) return false;
  return fmt::format("{}:{}", own.st_dev, own.st_ino) == journal_stream;
}

bool send_to_journal(const JournalEntry& entry) {
  std::array<std::string, 4> fields{fmt::format("MESSAGE={}", entry.text),
                                    fmt::format("PRIORITY={}", entry.priority),
                                    fmt::format("SYSLOG_IDENTIFIER={}", entry.program),
                                    fmt::format("MAITRED_MODULE={}", entry.module)};
  std::array<iovec, 4> parts{};
  for (std::size_t i = 0; i < fields.size(); ++i) parts[i] = {fields[i].data(), fields[i].size()};
  const std::size_t sent = entry.module.empty() ? parts.size() - 1 : parts.size();
  return ::sd_journal_sendv(parts.data(), static_cast<int>(sent)) == 0;
}

}  // namespace maitred
