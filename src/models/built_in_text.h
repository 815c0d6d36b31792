// models/manifest.toml as text; the definition is generated at build time.
#pragma once

#include <string_view>

namespace maitred {

extern const std::string_view kBuiltInManifest;

}  // namespace maitred
