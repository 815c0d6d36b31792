#include <nlohmann/json.hpp>

#include "reply_state.h"

namespace maitred {

ControlReply::State::~State() {
  if (const auto alive = session.lock()) {
    alive->send_answer(
        request, environment_error("no_answer", "the daemon dropped this request; try again"));
  }
}

bool ControlReply::wanted() const {
  const auto alive = state_->session.lock();
  return alive && alive->awaits(state_->request);
}

void ControlReply::progress(std::uint64_t done, std::uint64_t total) const {
  if (const auto alive = state_->session.lock()) {
    alive->send_progress(state_->request, done, total);
  }
}

void ControlReply::finish(const Result<nlohmann::json>& answer) const {
  if (const auto alive = state_->session.lock()) alive->send_answer(state_->request, answer);
}

ControlHandler answer_at_once(ControlFunction function) {
  return [function = std::move(function)](const nlohmann::json& request,
                                          const PeerCredentials& peer, const ControlReply& reply) {
    reply.finish(function(request, peer));
  };
}

}  // namespace maitred
