// Makes text from outside fit for a message.
#pragma once

#include <algorithm>
#include <string>

namespace maitred {

// Replaces each control character by '?', so that a message is one line and moves no cursor.
inline std::string one_line(std::string text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  std::replace_if(text.begin(), text.end(), is_control, '?');
  return text;
}

}  // namespace maitred
