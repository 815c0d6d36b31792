// A ZIP archive of a few files in memory, written by libarchive. Pure.
#pragma once

#include <string>
#include <vector>

#include "maitred/base/result.h"

namespace maitred {

struct ZipEntry {
  std::string name;  // a path in ASCII, without ".."
  std::string content;
};

// Returns the bytes of the archive. The same entries give the same bytes, at any time and in any
// time zone: the archive holds no time and no owner. Error: zip_failed (kEnvironment).
Result<std::string> zip_file(const std::vector<ZipEntry>& entries);

}  // namespace maitred
