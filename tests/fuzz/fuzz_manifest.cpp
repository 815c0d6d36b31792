// The manifest of models is built in, so nobody else writes it; but its parser stands for how the
// project reads TOML.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "maitred/models/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto manifest = maitred::Manifest::parse(text);
  if (!manifest && manifest.error().message.find('\n') != std::string::npos) __builtin_trap();
  if (manifest) {
    for (const auto& engine : manifest->engines()) {
      for (const auto& [role, names] : engine.files) {
        for (const auto& name : names) (void)manifest->file(name);
      }
    }
  }
  return 0;
}
