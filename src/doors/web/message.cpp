#include "maitred/doors/web/message.h"

#include <fmt/format.h>

#include <algorithm>

#include "maitred/base/text.h"

namespace maitred {
namespace {

// Takes the part before the next `separator`, and the separator, off the front of `text`.
std::string_view take_part(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

// Decodes a value of a form: '+' is a blank. What is not encoded well stays as it is.
std::string form_value(std::string_view text) {
  std::string value(text);
  std::replace(value.begin(), value.end(), '+', ' ');
  return url_decoded(value).value_or(value);
}

std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else {
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

}  // namespace

std::string_view WebRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::string_view WebRequest::cookie(std::string_view name) const {
  std::string_view rest = header("cookie");
  while (!rest.empty()) {
    std::string_view pair = trimmed(take_part(rest, ';'));
    if (take_part(pair, '=') == name) return pair;
  }
  return {};
}

std::string WebRequest::parameter(std::string_view name) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    std::string_view pair = take_part(rest, '&');
    if (take_part(pair, '=') == name) return form_value(pair);
  }
  return {};
}

std::string WebRequest::own_origin() const {
  return fmt::format("{}://{}", secure ? "https" : "http", header("host"));
}

WebResponse web_error(int status, std::string_view code, std::string_view message) {
  WebResponse response;
  response.status = status;
  response.type = "application/json";
  response.body = fmt::format("{{\"error\":{{\"code\":\"{}\",\"message\":\"{}\"}}}}\n",
                              quoted(code), quoted(message));
  return response;
}

}  // namespace maitred
