// Internal to control.
#pragma once

#include "session.h"

namespace maitred {

struct ControlReply::State {
  State(std::weak_ptr<ControlSession> asking, std::uint64_t number)
      : session(std::move(asking)), request(number) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();

  const std::weak_ptr<ControlSession> session;
  const std::uint64_t request;
};

}  // namespace maitred
