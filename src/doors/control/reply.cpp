#include <nlohmann/json.hpp>

#include "pending_reply.h"

namespace maitred {

ControlReply::Pending::~Pending() {
  if (const auto alive = session.lock()) {
    alive->send_answer(
        request, environment_error("no_answer", "the daemon dropped this request; try again"));
  }
}

bool ControlReply::wanted() const {
  const auto alive = pending_->session.lock();
  return alive && alive->awaits(pending_->request);
}

void ControlReply::progress(std::uint64_t done, std::uint64_t total) const {
  if (const auto alive = pending_->session.lock()) {
    alive->send_progress(pending_->request, done, total);
  }
}

void ControlReply::finish(const Result<nlohmann::json>& answer) const {
  if (const auto alive = pending_->session.lock()) alive->send_answer(pending_->request, answer);
}

}  // namespace maitred
