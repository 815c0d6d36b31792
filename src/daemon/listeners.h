// Where the daemon listens, judged before anything is opened. Private to this module.
#pragma once

#include <string>

#include "maitred/settings/settings.h"

namespace maitred {

// What the configuration alone tells: TLS where other machines can come in, certificates that can
// be used, no port twice. Errors: staff_unprotected, tls_required, tls_unusable, port_twice (all
// kInput).
Status check_listeners(const Settings& settings);

}  // namespace maitred
