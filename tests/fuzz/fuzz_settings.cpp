// The configuration file.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "maitred/settings/settings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto settings = maitred::parse_settings(text, "/etc/maitred/maitred.toml");
  // What is wrong is said in one line, whatever was in the file.
  if (!settings && settings.error().message.find('\n') != std::string::npos) __builtin_trap();
  (void)maitred::parse_rate(text);
  (void)maitred::parse_duration(text);
  (void)maitred::parse_time(text);
  return 0;
}
