#include "maitred/base/text.h"

#include <algorithm>
#include <charconv>

namespace maitred {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::optional<std::string> url_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    unsigned value = 0;
    const char* digits = text.data() + i + 1;
    if (std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

namespace {

constexpr std::string_view kHidden = "***";

// "a=***&b=***" of "a=1&b=2". A value without a name may be a secret too.
std::string hidden_query(std::string_view query) {
  std::string out;
  while (true) {
    const std::size_t end = std::min(query.find_first_of("&;"), query.size());
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos) out += pair.substr(0, equals + 1);
    if (!pair.empty()) out += kHidden;
    if (end == query.size()) return out;
    out += query[end];
    query.remove_prefix(end + 1);
  }
}

// The length of "user:password" before an '@', if there is one.
std::optional<std::size_t> user_length(std::string_view rest) {
  const std::string_view place = rest.substr(0, std::min(rest.find_first_of("/?#"), rest.size()));
  const std::size_t at = place.rfind('@');
  if (at != std::string_view::npos) return at;
  // A password with '/', '?' or '#' in it: what stands behind the colon is no port.
  const std::size_t colon = place.rfind(':');
  const bool port = colon == std::string_view::npos || place.ends_with(']') ||
                    place.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
  const std::size_t last = rest.rfind('@');
  if (port || last == std::string_view::npos) return std::nullopt;
  return last;
}

bool names_secret(std::string_view property) {
  for (const std::string_view part : {"pw", "pass", "token", "secret", "user", "auth", "key"}) {
    if (property.find(part) != std::string_view::npos) return true;
  }
  return false;
}

// One word of a source: an address, or a property of a pipeline.
std::string hidden_word(std::string_view word) {
  std::string out;
  const std::size_t scheme = word.find("://");
  const std::size_t equals = word.find('=');
  if (equals < std::min(scheme, word.find('?')) && names_secret(word.substr(0, equals))) {
    return std::string(word.substr(0, equals + 1)).append(kHidden);
  }
  if (scheme != std::string_view::npos) {
    out = word.substr(0, scheme + 3);
    word.remove_prefix(scheme + 3);
    if (const auto user = user_length(word)) {
      out += kHidden;
      word.remove_prefix(*user);
    }
  }
  const std::size_t mark = std::min(word.find_first_of("?#"), word.size());
  out += word.substr(0, mark);
  if (mark == word.size()) return out;
  const std::size_t hash = std::min(word.find('#', mark), word.size());
  if (word[mark] == '?') out += '?' + hidden_query(word.substr(mark + 1, hash - mark - 1));
  if (hash < word.size()) out += '#' + std::string(kHidden);
  return out;
}

}  // namespace

std::string without_secrets(std::string_view source) {
  // Only a pipeline has several words, in quotes or not; a path may have blanks.
  constexpr std::string_view kBetween = " \t\r\n\"'";
  std::string out;
  while (!source.empty()) {
    const std::size_t end = std::min(source.find_first_of(kBetween), source.size());
    if (end > 0) out += hidden_word(source.substr(0, end));
    if (end < source.size()) out += source[end];
    source.remove_prefix(std::min(end + 1, source.size()));
  }
  return out;
}

}  // namespace maitred
