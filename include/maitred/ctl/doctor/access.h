// Who may read and write what: the configuration, the key, the store, the devices.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "maitred/ctl/doctor/finding.h"
#include "maitred/settings/settings.h"

namespace maitred {

// A user of the box and its groups.
struct Account {
  std::string name;
  uid_t uid = 0;
  std::vector<gid_t> groups;
};

// The named user, or the one who runs this program where there is none of that name.
Account account(const char* name);

// By owner, group and mode alone. `wanted` is a sum of R_OK, W_OK, X_OK.
bool may_access(const Account& who, const std::filesystem::path& path, int wanted);

// Of the configuration file, the key, the store and the runtime folder, as the core's user needs
// them. A missing store or key is left to whoever opens it.
Findings look_at_permissions(const Settings& settings, const std::filesystem::path& runtime,
                             const Account& core);

// Of a camera that is a device: it is there, and the eye's user may open it.
Findings look_at_device(const std::string& source, const Account& eye);

}  // namespace maitred
