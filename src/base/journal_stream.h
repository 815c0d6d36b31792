// systemd's journal, in its own protocol: a message with fields to search by. Private to this
// module. Source: sd_journal_sendv(3), systemd.exec(5) of $JOURNAL_STREAM.
#pragma once

#include <string_view>

namespace maitred {

// Whether stderr goes to the journal: what $JOURNAL_STREAM says is compared with what stderr is,
// which may have been redirected since. Null: no.
bool stderr_is_journal(const char* journal_stream);

struct JournalEntry {
  std::string_view program;
  std::string_view module;  // "" for a main
  int priority = 6;         // syslog(3)
  std::string_view text;
};

// As SYSLOG_IDENTIFIER, MAITRED_MODULE, PRIORITY and MESSAGE. False: no journal took it.
// Thread-safe.
bool send_to_journal(const JournalEntry& entry);

}  // namespace maitred
