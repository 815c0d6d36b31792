#include "sessions.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "maitred/base/file.h"

namespace maitred::board {
namespace {

constexpr std::size_t kIdBytes = 32;

std::string hash_of(std::string_view id) {
  std::array<std::uint8_t, 32> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(id.data()),
                     id.size(), nullptr, 0);
  return to_hex(hash);
}

constexpr std::string_view kSealedMark = "sealed:";  // no token holds a colon

using Key = std::array<std::uint8_t, crypto_secretbox_KEYBYTES>;
// Each id seals one token only.
constexpr std::array<std::uint8_t, crypto_secretbox_NONCEBYTES> kNonce{};

Key key_of(std::string_view id) {
  constexpr std::string_view kPurpose = "maitred board session token";
  Key key{};
  crypto_generichash(key.data(), key.size(),
                     reinterpret_cast<const unsigned char*>(kPurpose.data()), kPurpose.size(),
                     reinterpret_cast<const unsigned char*>(id.data()), id.size());
  return key;
}

std::string seal_token(std::string_view id, std::string_view token) {
  Key key = key_of(id);
  std::vector<std::uint8_t> sealed(token.size() + crypto_secretbox_MACBYTES);
  crypto_secretbox_easy(sealed.data(), reinterpret_cast<const unsigned char*>(token.data()),
                        token.size(), kNonce.data(), key.data());
  sodium_memzero(key.data(), key.size());
  return to_base64(sealed);
}

std::optional<std::string> open_token(std::string_view id, const std::string& text) {
  const auto sealed = from_base64(text);
  if (!sealed || sealed->size() < crypto_secretbox_MACBYTES) return std::nullopt;
  Key key = key_of(id);
  std::string token(sealed->size() - crypto_secretbox_MACBYTES, '\0');
  const bool opened =
      crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(token.data()), sealed->data(),
                                 sealed->size(), kNonce.data(), key.data()) == 0;
  sodium_memzero(key.data(), key.size());
  return opened ? std::optional(std::move(token)) : std::nullopt;
}

std::string_view next_word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

}  // namespace

std::string Sessions::open(std::string_view token, WallTime now) {
  if (sessions_.size() >= kMost) {
    sessions_.erase(std::min_element(
        sessions_.begin(), sessions_.end(),
        [](const auto& a, const auto& b) { return a.second.until < b.second.until; }));
  }
  std::array<std::uint8_t, kIdBytes> random{};
  randombytes_buf(random.data(), random.size());
  std::string id = to_hex(random);
  sessions_[hash_of(id)] = {seal_token(id, token), now + kLifetime};
  return id;
}

std::optional<std::string> Sessions::token_of(std::string_view id, WallTime now) const {
  if (id.size() != 2 * kIdBytes) return std::nullopt;
  const auto found = sessions_.find(hash_of(id));
  if (found == sessions_.end() || now >= found->second.until) return std::nullopt;
  return open_token(id, found->second.sealed_token);
}

void Sessions::end(std::string_view id) { sessions_.erase(hash_of(id)); }

std::string Sessions::text() const {
  std::string text;
  for (const auto& [hash, session] : sessions_) {
    text += hash + ' ' + std::to_string(session.until.time_since_epoch().count()) + ' ' +
            std::string(kSealedMark) + session.sealed_token + '\n';
  }
  return text;
}

void Sessions::restore(std::string_view text, WallTime now) {
  sessions_.clear();
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string hash(next_word(line));
    const std::string_view number = next_word(line);
    std::int64_t until_ms = 0;
    std::from_chars(number.data(), number.data() + number.size(), until_ms);
    const WallTime until{Milliseconds{until_ms}};
    if (hash.size() == 64 && line.starts_with(kSealedMark) && until > now) {
      sessions_[hash] = {std::string(line.substr(kSealedMark.size())), until};
    }
  }
}

double GuessLimit::count_of(const Failures& failures, WallTime now) const {
  const auto passed = std::chrono::duration<double>(now - failures.at);
  return std::max(0.0, failures.count - passed / std::chrono::duration<double>(kEach));
}

bool GuessLimit::may_try(const std::string& address, WallTime now) {
  const auto found = failures_.find(address);
  return found == failures_.end() || count_of(found->second, now) <= kAtOnce - 1;
}

void GuessLimit::failed(const std::string& address, WallTime now) {
  if (failures_.size() >= kMostAddresses) {
    std::erase_if(failures_, [&](const auto& entry) { return count_of(entry.second, now) < 0.5; });
    if (failures_.size() >= kMostAddresses) failures_.clear();
  }
  Failures& failures = failures_[address];
  failures = {count_of(failures, now) + 1, now};
}

}  // namespace maitred::board
