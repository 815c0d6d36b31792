// Bringing a backup that a daemon has written to where the daemon itself may not write.
#pragma once

#include <filesystem>
#include <functional>

#include "maitred/base/result.h"
#include "src/ctl/session.h"

namespace maitred {

// Makes `part` what `staged` is, durable and of mode 0600: what of it is there already, from a time
// it was interrupted, is kept. Error: backup_failed (kEnvironment).
Status fetch_part(const std::filesystem::path& staged, const std::filesystem::path& part,
                  const Session::Progress& progress);

}  // namespace maitred
