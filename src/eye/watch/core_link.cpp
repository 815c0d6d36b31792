#include "core_link.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "maitred/base/log.h"

namespace maitred {

CoreLink::CoreLink(std::filesystem::path socket, EyeHello hello)
    : socket_(std::move(socket)), hello_(std::move(hello)) {}

bool CoreLink::connect(Milliseconds patience) {
  {
    // A busy mutex means that a message is being sent: the connection works.
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock() || !broken_) return true;
    sender_.reset();
  }
  Result<EyeSender> sender = EyeSender::connect(socket_, patience);
  Status greeted = sender ? sender->send(hello_) : Status(tl::unexpected(sender.error()));
  if (!greeted) {
    if (logged_ != greeted.error().code) {
      journal().warn("the core does not answer: {}", greeted.error().message);
    }
    logged_ = greeted.error().code;
    return false;
  }
  logged_.clear();
  journal().info("connected to the core");
  {
    const std::lock_guard lock(mutex_);
    sender_.emplace(std::move(*sender));
    broken_ = false;
  }
  changed_.notify_all();
  return true;
}

bool CoreLink::deliver(const EyeMessage& message) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return given_up_ || !broken_; });
    if (given_up_) return false;
    const Status sent = sender_->send(message);
    if (sent) return true;
    if (sent.error().fault == Fault::kInput) {
      journal().error("dropped a malformed message to the core: {}", sent.error().message);
      return true;
    }
    broken_ = true;
  }
}

void CoreLink::offer(const EyeMessage& message) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock() || broken_ || given_up_) return;
  const Status sent = sender_->send(message, Milliseconds{200});
  if (!sent && sent.error().code == "core_gone") broken_ = true;
}

void CoreLink::give_up() {
  if (sender_) sender_->shut_down();
  {
    const std::lock_guard lock(mutex_);
    given_up_ = true;
  }
  changed_.notify_all();
}

}  // namespace maitred
