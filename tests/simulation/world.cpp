// The scheduler, and the checks. What happens in the world is in happenings.cpp.
#include "world.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "clocks.h"

namespace maitred::simulation {
namespace {

const WallTime kBeginning = *parse_time("2026-01-05T08:00:00Z");

std::string text_of(const Shown& shown) {
  return fmt::format("{} {} {}", shown.seq, word(shown.state), shown.by);
}

}  // namespace

World::World(const WorldOptions& options) : options_(options), chance_(options.seed) {
  reset_clocks(kBeginning);
  seed_sodium(options.seed);
  true_now_ = kBeginning;
  settings_.file = folder_.path() / "maitred.toml";
  settings_.store_path = folder_.path() / "store.db";
  settings_.engine = "demo";
  settings_.visits.cooldown = std::chrono::hours{1};
  settings_.visits.retention = std::chrono::hours{24 * 200};
  key_.source = {KeyKind::kFile, (folder_.path() / "store.key").string()};
  clients_.emplace_back("till-1", Client::Resumes::kFromLast);
  clients_.emplace_back("phone-2", Client::Resumes::kFromLast);
  clients_.emplace_back("board-3", Client::Resumes::kWhole);
}

World::~World() {
  // The core closes on a disk that works.
  disk_.plan(0, 0);
}

std::optional<std::string> World::run() {
  {
    const auto created = Store::create(settings_.store_path, key_, Actor{"uid:1000", wall_now()});
    if (!created) return "the store is not created: " + created.error().message;
  }
  disk_.lie(options_.lying_disk);
  restart();
  for (int i = 0; i < 6 && !wrong_; ++i) enrol();
  everyday();
  const WallTime end = kBeginning + std::chrono::hours{24} * options_.days;
  while (!wrong_ && figures_.noticed == 0 && !events_.empty() && events_.top().at < end) {
    const Event event = events_.top();
    events_.pop();
    move_to(event.at);
    if (wrong_) break;
    ++figures_.steps;
    event.work();
    settle();
    check_screens();
  }
  return wrong_;
}

void World::after(Milliseconds wait, std::function<void()> work) {
  events_.push({true_now_ + wait, order_++, std::move(work)});
}

// Stops on the way where the core has something to do at that time.
void World::move_to(WallTime at) {
  while (core_ && !wrong_) {
    const auto deadline = core_->shop().desk().next_deadline();
    const Milliseconds wait =
        deadline ? std::max(*deadline - wall_now(), Milliseconds{0}) : Milliseconds::max();
    if (wait > at - true_now_) break;
    pass(wait);
    true_now_ += wait;
    core_does("deadline", [](Core& core) { return core.tick(); });
    settle();
    check_screens();
  }
  pass(at - true_now_);
  true_now_ = at;
}

// Runs the core's handlers and moves bytes until nothing more happens.
void World::settle() {
  for (bool busy = true; busy && core_ && !wrong_;) {
    busy = core_->io().poll_one() > 0;
    core_->io().restart();
    if (chance_.one_in(4) && core_->io().poll() > 0) busy = true;
    core_->io().restart();
    for (Client& client : clients_) {
      if (client.connected() && client.wire()->move()) busy = true;
      for (const Client::Heard& heard : client.read()) {
        check_heard(client, heard);
        busy = true;
      }
      if (client.notice_end()) note(client.name() + " is disconnected");
    }
    if (core_ && disk_.dead()) core_dies("the power failed");
  }
}

void World::note(const std::string& text) {
  for (const char letter : text) {
    figures_.digest = (figures_.digest ^ static_cast<unsigned char>(letter)) * 0x100000001b3U;
  }
  if (options_.trace) fmt::print("{}  {}\n", format_time(true_now_), text);
}

void World::wrong(const std::string& text) {
  note("WRONG: " + text);
  if (!wrong_) wrong_ = fmt::format("{}: {}", format_time(true_now_), text);
}

void World::core_does(const std::string& what, const std::function<Status(Core&)>& work) {
  if (!core_ || wrong_) return;
  const Status done = work(*core_);
  if (disk_.dead()) return core_dies("the power failed");
  if (done || done.error().fault != Fault::kEnvironment || done.error().code == "busy") return;
  if (done.error().code == "store_failed") return core_dies("the disk failed");
  wrong(fmt::format("{}: {}: {}", what, done.error().code, done.error().message));
}

World::Member* World::member_of(const CustomerId& id) {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&id](const Member& member) { return member.id == id; });
  return found == members_.end() ? nullptr : &*found;
}

// The core is about to send this alert.
void World::published(const Alert& alert) {
  raised_[alert.visit] = {alert.customer.id, alert};
  if (alert.state == AlertState::kNew) ++figures_.alerts;
  note(fmt::format("alert {} {} {} {}", alert.seq, alert.visit.value, word(alert.state), alert.by));
}

void World::check_heard(Client& client, const Client::Heard& heard) {
  if (!heard.wrong.empty()) return wrong(client.name() + ": " + heard.wrong);
  if (const auto* error = std::get_if<StaffError>(&heard.line)) {
    // Others were faster, or the alert has just ended.
    for (const char* code : {"not_open", "already_closed", "unknown_visit"}) {
      if (error->code == code) return;
    }
    return wrong(fmt::format("{} gets {}: {}", client.name(), error->code, error->message));
  }
  if (const auto* claimed = std::get_if<StaffClaimed>(&heard.line)) {
    if (!claimed->ok) return;
    const auto [winner, first] = winners_.try_emplace(claimed->visit, claimed->by);
    if (first) ++figures_.claims;
    if (winner->second == claimed->by) return;
    return wrong(fmt::format("visit {} is claimed by {} and by {}", claimed->visit.value,
                             winner->second, claimed->by));
  }
  const auto* alert = std::get_if<StaffAlert>(&heard.line);
  if (alert == nullptr) return;
  const Member* member = member_of(alert->alert.customer.id);
  if (member == nullptr) return wrong("an alert about nobody who was enrolled");
  if (member->ended_seq > 0 && alert->alert.seq > member->ended_seq) {
    wrong(
        fmt::format("{} is told of {}, whose consent has ended", client.name(), member->id.value));
  }
}

// The screens of all who are connected show what is open, and nothing else.
void World::check_screens() {
  if (!core_ || wrong_ || disk_.dead()) return;
  const auto open = core_->shop().store().visits().open_alerts();
  if (!open) return wrong("open alerts cannot be read: " + open.error().message);
  std::map<VisitId, Shown> right;
  for (const StoredAlert& stored : *open) {
    const Alert& alert = stored.alert;
    right[alert.visit] = {alert.seq, alert.state, alert.by};
    const Member* member = member_of(alert.customer.id);
    if (member == nullptr || member->standing != Standing::kActive) {
      wrong(fmt::format("alert {} is open without a consent", alert.seq));
    }
  }
  for (const Client& client : clients_) {
    if (!client.settled() || client.shown() == right) continue;
    for (const auto& [visit, shown] : client.shown()) {
      const auto found = right.find(visit);
      if (found == right.end()) {
        wrong(fmt::format("{} shows the ended alert of visit {} ({})", client.name(), visit.value,
                          text_of(shown)));
      } else if (!(found->second == shown)) {
        wrong(fmt::format("{} shows visit {} as {}, it is {}", client.name(), visit.value,
                          text_of(shown), text_of(found->second)));
      }
    }
    for (const auto& [visit, shown] : right) {
      if (client.shown().contains(visit)) continue;
      wrong(fmt::format("{} does not show the alert of visit {} ({})", client.name(), visit.value,
                        text_of(shown)));
    }
  }
}

void World::check_after_restart(Core& core) {
  check_members(core);
  for (auto& [visit, raised] : raised_) {
    const Member* member = member_of(raised.customer);
    if (member == nullptr || member->standing == Standing::kErased) continue;
    const auto stored = core.shop().store().visits().alert(visit);
    if (!stored) {
      wrong(fmt::format("alert {} was sent and is lost: {}", raised.alert.seq,
                        stored.error().message));
    } else if (stored->alert.seq < raised.alert.seq) {
      wrong(fmt::format("visit {} is at seq {} again, {} was sent", visit.value, stored->alert.seq,
                        raised.alert.seq));
    }
    const auto winner = winners_.find(visit);
    if (stored && winner != winners_.end() && stored->alert.state == AlertState::kClaimed &&
        stored->alert.by != winner->second) {
      wrong(fmt::format("visit {} was claimed by {}, and is {}'s", visit.value, winner->second,
                        stored->alert.by));
    }
  }
}

// What the core acknowledged holds. What it did not answer is done or not.
void World::check_members(Core& core) {
  for (Member& member : members_) {
    const auto customer = core.shop().store().customers().find(member.id);
    if (!customer && customer.error().code != "unknown_customer") {
      return wrong("a customer cannot be read: " + customer.error().message);
    }
    const Standing now = !customer                     ? Standing::kErased
                         : customer->consent.withdrawn ? Standing::kWithdrawn
                                                       : Standing::kActive;
    const auto unanswered = std::exchange(member.unanswered, std::nullopt);
    if (now == member.standing) continue;
    // An erasure withdraws first.
    const bool half = unanswered == Standing::kErased && now == Standing::kWithdrawn &&
                      member.standing == Standing::kActive;
    if (!half && unanswered != now) {
      wrong(fmt::format("customer {} has become {} over a crash, was {}", member.id.value,
                        static_cast<int>(now), static_cast<int>(member.standing)));
    }
    member.standing = now;
    if (now != Standing::kActive && member.ended_seq == 0) {
      member.ended_seq = core.shop().store().visits().last_seq();
    }
    if (now == Standing::kActive) member.ended_seq = 0;
  }
}

}  // namespace maitred::simulation
