// Checks file permissions of the configuration, the key, the store and the camera devices.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "maitred/ctl/doctor/finding.h"
#include "maitred/settings/settings.h"

namespace maitred {

// A user of this machine and the groups it belongs to.
struct Account {
  std::string name;
  uid_t uid = 0;
  std::vector<gid_t> groups;
};

// Returns the named user, or the user of this process if no user has that name.
Account account(const char* name);

// True if owner, group and mode of `path` allow the access; ACLs are ignored. `wanted` is a
// combination of R_OK, W_OK and X_OK.
bool may_access(const Account& who, const std::filesystem::path& path, int wanted);

// Checks that the core's user has the access it needs to the configuration file, the key, the store
// and the runtime folder. Does not report a missing store or key: opening the store reports it.
Findings look_at_permissions(const Settings& settings, const std::filesystem::path& runtime,
                             const Account& core);

// Checks that a camera's device file exists and that the eye's user may open it.
Findings look_at_device(const std::string& source, const Account& eye);

}  // namespace maitred
