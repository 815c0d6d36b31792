// Checks listening ports and TLS certificates.
#pragma once

#include <filesystem>
#include <string>

#include "maitred/base/time.h"
#include "maitred/ctl/doctor/finding.h"
#include "maitred/settings/settings.h"

namespace maitred {

// If the daemon runs, the port must accept connections; otherwise it must be free. `name` is the
// section: staff, board or metrics. Returns no finding for a listener that is off.
Findings look_at_port(const std::string& name, const ListenSettings& listen, bool daemon_runs);

// The finding for a port that another program has.
Finding port_taken(const std::string& name, const ListenSettings& listen);

// Checks that a PEM certificate and its key are readable, match, and are valid at `now` and for the
// 30 days after it. Returns no finding if both paths are empty.
Findings look_at_certificate(const std::filesystem::path& certificate,
                             const std::filesystem::path& key, WallTime now);

}  // namespace maitred
