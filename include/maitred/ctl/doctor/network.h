// Listening ports and TLS certificates.
#pragma once

#include <filesystem>
#include <string>

#include "maitred/base/time.h"
#include "maitred/ctl/doctor/finding.h"
#include "maitred/settings/settings.h"

namespace maitred {

// With a running daemon somebody must answer there; without one the port must be free. `name` is
// the section: staff, board, metrics. Nothing for a listener that is off.
Findings look_at_port(const std::string& name, const ListenSettings& listen, bool daemon_runs);

// A PEM certificate and its key: readable, belonging together, valid at `now` and for a month
// longer. Nothing when both are empty.
Findings look_at_certificate(const std::filesystem::path& certificate,
                             const std::filesystem::path& key, WallTime now);

}  // namespace maitred
