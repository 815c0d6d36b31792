// What maitredctl asks the core, and work that takes more than one step.
#include <fmt/format.h>
#include <malloc.h>
#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "maitred/base/log.h"
#include "maitred/base/wipe_stack.h"
#include "maitred/daemon/daemon.h"

namespace maitred {
namespace {

constexpr std::chrono::hours kRetentionEvery{24};
constexpr std::chrono::minutes kRetentionRetry{30};
constexpr std::chrono::hours kLongestAbsence{60 * 24};
// Long work leaves the thread to what is waiting for it.
constexpr Milliseconds kTaskPause{2};

}  // namespace

void Daemon::control(const nlohmann::json& request, const PeerCredentials& peer,
                     const ControlReply& reply) {
  const auto verb = request.at("verb").get<std::string>();
  const Actor actor{fmt::format("uid:{}", peer.uid), wall_now()};
  if (busy_ &&
      (verb == "backup" || verb == "restore" || verb == "key_rotate" || verb == "retention")) {
    return reply.finish(environment_error(
        "busy",
        "the core is at another long task (backup, key rotate or retention): try again "
        "when it is done"));
  }
  if (verb == "camera_pause") return reply.finish(pause_camera(request.at("args")));
  if (verb == "use_engine") {
    return reply.finish(answered(use_engine(request.at("args").at("engine").get<std::string>())));
  }
  if (verb == "camera_resume") {
    if (supervisor_) supervisor_->resume(request.at("args").at("camera").get<std::string>());
    return reply.finish(nlohmann::json{{"paused", false}});
  }
  auto task = admin_.begin(verb, request.at("args"), actor);
  if (!task) return reply.finish(answered(tl::unexpected(task.error())));
  if (!*task) {
    auto answer = answered(admin_.run(verb, request.at("args"), actor));
    if (answer && verb == "staff_revoke" && staff_) {
      staff_->drop_terminal(answer->at("name").get<std::string>());
    }
    return reply.finish(answer);
  }
  run_task(std::move(*task), reply, [this, reply](Result<nlohmann::json> answer) {
    reply.finish(answered(std::move(answer)));
  });
}

Result<nlohmann::json> Daemon::answered(Result<nlohmann::json> answer) {
  if (!answer && answer.error().fault == Fault::kEnvironment) {
    heed(tl::unexpected(answer.error()));
  }
  // After a restore it is another one.
  if (const auto recognition = shop_->recognition()) recognition_ = *recognition;
  schedule_deadline();
  settle_gallery();
  wipe_stack();  // of the name of who was erased
  return answer;
}

void Daemon::settle_gallery() {
  if (settling_ || stopping_ || !recognition_->settle_some()) return;
  settling_ = true;
  auto timer = std::make_shared<boost::asio::steady_timer>(io_, kTaskPause);
  timer->async_wait([this, timer](const boost::system::error_code&) {
    settling_ = false;
    settle_gallery();
  });
}

void Daemon::run_task(std::unique_ptr<AdminTask> task, std::optional<ControlReply> reply,
                      TaskEnd end) {
  busy_ = true;
  step_task(std::move(task), std::move(reply), std::move(end));
}

void Daemon::step_task(std::shared_ptr<AdminTask> task, std::optional<ControlReply> reply,
                       TaskEnd end) {
  if (stopping_) {
    busy_ = false;
    return end(environment_error("stopping",
                                 "the core is stopping before the work was done: run it again"));
  }
  auto answer = task->step();
  wipe_stack();
  if (!answer || *answer) {
    busy_ = false;
    task.reset();
    end(answer ? Result<nlohmann::json>(std::move(**answer)) : tl::unexpected(answer.error()));
    ::malloc_trim(0);  // what it took goes back to the machine
    return;
  }
  if (reply) reply->progress(task->done, task->total);
  auto timer = std::make_shared<boost::asio::steady_timer>(io_, kTaskPause);
  timer->async_wait([this, timer, task = std::move(task), reply = std::move(reply),
                     end = std::move(end)](const boost::system::error_code&) mutable {
    step_task(std::move(task), std::move(reply), std::move(end));
  });
}

// A clock that is years ahead would have everybody erased.
bool Daemon::clock_jumped() const {
  std::optional<WallTime> last = shop_->last_retention();
  if (!last) {
    const auto rows = shop_->store().audit().rows(1);
    if (rows && !rows->empty()) last = rows->back().at;
  }
  return last && wall_now() - *last > kLongestAbsence;
}

void Daemon::daily_retention() {
  const Timestamp now = std::chrono::steady_clock::now();
  const auto last = shop_->last_retention();
  // A clock that was set back must not stop it: a run in the future counts as none.
  const bool recent = last && *last <= wall_now() && wall_now() - *last < kRetentionEvery;
  const bool tried = retention_tried_ && now - *retention_tried_ < kRetentionRetry;
  if (busy_ || recent || tried) return;
  retention_tried_ = now;
  if (clock_jumped()) {
    return journal().warn(
        "the store was last used more than {} days ago by the clock of this machine: retention "
        "erases nobody by itself. If the clock is right, run maitredctl retention run",
        kLongestAbsence.count() / 24);
  }
  auto task = begin_retention(*shop_, Actor{"maitred", wall_now()});
  if (!task) return heed(tl::unexpected(task.error()));
  run_task(std::move(*task), std::nullopt, [this](Result<nlohmann::json> answer) {
    if (!answer) return heed(tl::unexpected(answer.error()));
    const std::size_t erased = (*answer)["erased"].size();
    if (erased > 0) journal().info("retention: {} customers were due and are erased", erased);
  });
}

void Daemon::resume_rotation() {
  if (!shop_->store().keys().rotating()) return;
  journal().info("going on with the key rotation that was interrupted");
  auto task = begin_rotation(*shop_, false, Actor{"maitred", wall_now()});
  if (!task) return heed(tl::unexpected(task.error()));
  run_task(std::move(*task), std::nullopt, [this](Result<nlohmann::json> answer) {
    if (!answer) return heed(tl::unexpected(answer.error()));
    journal().info("the key rotation is finished");
  });
}

}  // namespace maitred
