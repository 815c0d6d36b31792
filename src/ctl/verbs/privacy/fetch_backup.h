// Copies a backup that the daemon has written to a place where the daemon may not write.
#pragma once

#include <filesystem>
#include <functional>

#include "maitred/base/result.h"
#include "src/ctl/session.h"

namespace maitred {

// Copies `staged` to `part`, durable and of mode 0600. Continues an interrupted copy. Error:
// backup_failed (kEnvironment).
Status fetch_part(const std::filesystem::path& staged, const std::filesystem::path& part,
                  const Session::Progress& progress);

}  // namespace maitred
