// A verb whose work is done in bounded steps, so that matching goes on meanwhile.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "maitred/base/result.h"
#include "maitred/shop/desk/shop.h"
#include "maitred/shop/store/backup.h"

namespace maitred {

// Bound to the shop's thread; the shop must outlive it.
class AdminTask {
 public:
  virtual ~AdminTask() = default;
  // The next step, a few milliseconds to a few hundred. The verb's answer when all is done.
  virtual Result<std::unique_ptr<nlohmann::json>> step() = 0;

  std::uint64_t done = 0;
  std::uint64_t total = 0;
};

struct BackupPlace {
  std::filesystem::path target;
  bool to_be_fetched = false;  // stays in TARGET.part
};

// Errors of each: those of its first step.
Result<std::unique_ptr<AdminTask>> begin_backup(Shop& shop, const BackupPlace& place,
                                                const std::optional<KeyAccess>& key,
                                                const Actor& actor);
Result<std::unique_ptr<AdminTask>> begin_rotation(Shop& shop, bool keep_key, const Actor& actor);
// Erases whose data is due to go.
Result<std::unique_ptr<AdminTask>> begin_retention(Shop& shop, const Actor& actor);

}  // namespace maitred
