// The control socket: what maitredctl and the running core say to each other. JSON lines over a
// Unix stream socket:
//   C {"verb":"...","args":{...}}
//   S {"progress":{"done":n,"total":m}}                     any number of them
//   S {"result":{...}}  or  {"error":{"fault":1|2|3,"code":"...","message":"..."}}
// A request is at most 64 MiB and 16 levels deep; one at a time on a connection.
#pragma once

#include <cstddef>

namespace maitred {

inline constexpr std::size_t kControlLineLimitBytes = std::size_t{64} * 1024 * 1024;
inline constexpr int kControlDepthLimit = 16;

}  // namespace maitred
