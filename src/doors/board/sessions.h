// Who is signed in, and who guesses tokens. Pure state; time comes in. Internal to doors/board.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "maitred/base/time.h"

namespace maitred::board {

// A session's id is 32 random bytes that only its browser knows. This keeps a hash of it, and the
// token sealed under the id: who reads the sessions, in the store or in memory, has no token.
// Thread-compatible.
class Sessions {
 public:
  static constexpr Milliseconds kLifetime = std::chrono::hours{24 * 30};
  static constexpr std::size_t kMost = 256;  // one more ends the oldest

  // The new session's id, for the cookie.
  std::string open(std::string_view token, WallTime now);
  // The token it was opened with. Requires a token without blanks or line ends.
  std::optional<std::string> token_of(std::string_view id, WallTime now) const;
  void end(std::string_view id);

  // All sessions as text, and back. Lines that are not a session are skipped, and so are those of
  // an older program, which hold a token in clear.
  std::string text() const;
  void restore(std::string_view text, WallTime now);

 private:
  struct Session {
    std::string sealed_token;  // base64
    WallTime until{};
  };
  std::map<std::string, Session, std::less<>> sessions_;  // by the hash of the id
};

// Allows an address ten wrong tokens at once, then one in six seconds.
class GuessLimit {
 public:
  static constexpr double kAtOnce = 10;
  static constexpr Milliseconds kEach{6000};
  static constexpr std::size_t kMostAddresses = 4096;

  bool may_try(const std::string& address, WallTime now);
  void failed(const std::string& address, WallTime now);

 private:
  struct Failures {
    double count = 0;
    WallTime at{};
  };
  double count_of(const Failures& failures, WallTime now) const;
  std::map<std::string, Failures> failures_;
};

}  // namespace maitred::board
