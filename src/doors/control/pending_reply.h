// A request that waits for its answer. Internal to doors/control.
#pragma once

#include "session.h"

namespace maitred {

struct ControlReply::Pending {
  Pending(std::weak_ptr<ControlSession> asking, std::uint64_t number)
      : session(std::move(asking)), request(number) {}
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending();

  const std::weak_ptr<ControlSession> session;
  const std::uint64_t request;
};

}  // namespace maitred
