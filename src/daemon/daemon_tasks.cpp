// Runs the verbs that maitredctl asks for, and work that takes more than one step.
#include <fmt/format.h>
#include <malloc.h>
#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "maitred/admin/erasure.h"
#include "maitred/admin/keys.h"
#include "maitred/base/log.h"
#include "maitred/base/wipe_stack.h"
#include "maitred/daemon/daemon.h"

namespace maitred {
namespace {

constexpr std::chrono::hours kRetentionEvery{24};
constexpr std::chrono::minutes kRetentionRetry{30};
constexpr std::chrono::hours kLongestAbsence{60 * 24};
// Between two steps other work gets the thread.
constexpr Milliseconds kTaskPause{2};

}  // namespace

void Daemon::control(const nlohmann::json& request, const PeerCredentials& peer,
                     const ControlReply& reply) {
  const Actor actor{fmt::format("uid:{}", peer.uid), wall_now()};
  const nlohmann::json& args = request.at("args");
  const auto verb = verbs_.find(request.at("verb").get_ref<const std::string&>());
  if (!verb) return reply.finish(tl::unexpected(verb.error()));
  if ((*verb)->length == Length::kAtOnce) {
    return reply.finish(after_verb((*verb)->answer(*shop_, args, actor)));
  }
  if (busy_) {
    return reply.finish(environment_error(
        "busy",
        "another long task is running (backup, restore, key rotate or retention): try again when "
        "it is done"));
  }
  auto begun = (*verb)->begin(*shop_, args, actor);
  if (!begun) return reply.finish(after_verb(tl::unexpected(begun.error())));
  const std::shared_ptr<Task> task = std::move(*begun);
  run_task(task, reply, [this, reply, task](const Status& done) {
    if (done) return reply.finish(after_verb(task->answer_json()));
    reply.finish(after_verb(tl::unexpected(done.error())));
  });
}

Result<nlohmann::json> Daemon::after_verb(Result<nlohmann::json> answer) {
  if (!answer && answer.error().fault == Fault::kEnvironment) {
    stop_if_store_failed(tl::unexpected(answer.error()));
  }
  // A restore and a change of engine make a new one.
  if (const auto recognition = shop_->recognition()) recognition_ = *recognition;
  schedule_deadline();
  settle_gallery();
  wipe_stack();  // the name of an erased customer may lie there
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

void Daemon::run_task(std::shared_ptr<Task> task, std::optional<ControlReply> reply, TaskEnd end) {
  busy_ = true;
  step_task(std::move(task), std::move(reply), std::move(end));
}

void Daemon::step_task(std::shared_ptr<Task> task, std::optional<ControlReply> reply, TaskEnd end) {
  if (stopping_) {
    busy_ = false;
    return end(
        environment_error("stopping", "the core stopped before the work was done: run it again"));
  }
  const auto finished = task->step();
  // The last step of a restore replaces the gallery that the next sighting is compared with.
  if (const auto recognition = shop_->recognition()) recognition_ = *recognition;
  wipe_stack();
  if (!finished || *finished) {
    busy_ = false;
    end(finished ? Status{} : tl::unexpected(finished.error()));
    end = {};
    task.reset();
    ::malloc_trim(0);  // gives the memory of the task back to the machine
    return;
  }
  if (reply) reply->progress(task->done, task->total);
  auto timer = std::make_shared<boost::asio::steady_timer>(io_, kTaskPause);
  timer->async_wait([this, timer, task = std::move(task), reply = std::move(reply),
                     end = std::move(end)](const boost::system::error_code&) mutable {
    step_task(std::move(task), std::move(reply), std::move(end));
  });
}

// A clock that is years ahead must not erase everybody.
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
  // A clock that was set back must not stop it: a run in the future does not count.
  const bool recent = last && *last <= wall_now() && wall_now() - *last < kRetentionEvery;
  const bool tried = retention_tried_ && now - *retention_tried_ < kRetentionRetry;
  if (busy_ || recent || tried) return;
  retention_tried_ = now;
  if (clock_jumped()) {
    return journal().warn(
        "by the clock of this machine the store was last used more than {} days ago: the daily "
        "retention is off. If the clock is right, run maitredctl retention run",
        kLongestAbsence.count() / 24);
  }
  auto begun = verbs::begin_retention(*shop_, {}, Actor{"maitred", wall_now()});
  if (!begun) return stop_if_store_failed(tl::unexpected(begun.error()));
  const std::shared_ptr<verbs::RetentionTask> task = std::move(*begun);
  run_task(task, std::nullopt, [this, task](const Status& done) {
    if (!done) return stop_if_store_failed(done);
    const std::size_t erased = task->answer.erased.size();
    if (erased > 0) journal().info("retention: {} customers were due and are erased", erased);
  });
}

void Daemon::resume_rotation() {
  if (!shop_->store().keys().rotating()) return;
  journal().info("going on with the key rotation that was interrupted");
  auto begun = verbs::begin_rotation(*shop_, {}, Actor{"maitred", wall_now()});
  if (!begun) return stop_if_store_failed(tl::unexpected(begun.error()));
  run_task(std::move(*begun), std::nullopt, [this](const Status& done) {
    if (!done) return stop_if_store_failed(done);
    journal().info("the key rotation is finished");
  });
}

}  // namespace maitred
