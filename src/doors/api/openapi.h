// The description of the HTTP API, compiled in.
#pragma once

#include <string_view>

namespace maitred {

std::string_view openapi_text();

}  // namespace maitred
