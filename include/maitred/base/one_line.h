// Text from outside on its way into a message.
#pragma once

#include <algorithm>
#include <string>

namespace maitred {

// The text with '?' in place of each control character: a message is one line, and moves no cursor.
inline std::string one_line(std::string text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  std::replace_if(text.begin(), text.end(), is_control, '?');
  return text;
}

}  // namespace maitred
