// Writes to systemd's journal in its own protocol: a message with fields. Private to this module.
// Source: sd_journal_sendv(3), systemd.exec(5) about $JOURNAL_STREAM.
#pragma once

#include <string_view>

namespace maitred {

// True if stderr is the journal. Compares $JOURNAL_STREAM with stderr, which may have been
// redirected since. Null means no.
bool stderr_is_journal(const char* journal_stream);

struct JournalEntry {
  std::string_view program;
  std::string_view module;  // "" for a main function
  int priority = 6;         // syslog(3)
  std::string_view text;
};

// Sends the fields SYSLOG_IDENTIFIER, MAITRED_MODULE, PRIORITY and MESSAGE. False if no journal
// took them. Thread-safe.
bool send_to_journal(const JournalEntry& entry);

}  // namespace maitred
