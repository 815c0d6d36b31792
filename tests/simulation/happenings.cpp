// What customers, staff, admins, clocks, the network and the power do in the simulated world.
#include <fmt/format.h>

#include <utility>

#include "clocks.h"
#include "tests/support/axis_face.h"
#include "world.h"

namespace maitred::simulation {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kFaces = 40;  // people who may enrol; strangers have others
constexpr std::size_t kStrangers = 20;

Actor admin() { return {"uid:1000", wall_now()}; }

}  // namespace

void World::repeat(Milliseconds least, Milliseconds most, void (World::*what)()) {
  (this->*what)();
  after(chance_.between(least, most), [=, this] { repeat(least, most, what); });
}

// Everything that goes on by itself schedules its next time.
void World::everyday() {
  const auto again = [this](Milliseconds least, Milliseconds most, void (World::*what)()) {
    after(chance_.between(Milliseconds{0}, most), [=, this] { repeat(least, most, what); });
  };
  again(minutes{30}, hours{40}, &World::somebody_comes);
  again(hours{4}, hours{90}, &World::stranger_comes);
  again(minutes{2}, hours{14}, &World::staff_act);
  again(hours{2}, hours{120}, &World::admin_acts);
  again(hours{2}, hours{200}, &World::trouble);
  again(hours{40}, hours{600}, &World::clock_is_set);
  again(hours{24}, hours{24}, &World::long_work);
}

void World::somebody_comes() {
  if (members_.empty()) return;
  ++figures_.arrivals;
  const Member& member = chance_.of(members_);
  note("customer " + member.id.value + " comes");
  walk(member.face, chance_.between(seconds{20}, minutes{15}));
  // Staff look at their screens when somebody has come.
  for (int i = 0; i < 4; ++i) {
    after(chance_.between(seconds{1}, minutes{12}), [this] { staff_act(); });
  }
}

void World::stranger_comes() {
  walk(kFaces + chance_.below(kStrangers), chance_.between(seconds{5}, minutes{5}));
}

void World::walk(std::size_t number, Milliseconds stays) {
  const std::string camera = chance_.one_in(3) ? "side" : "entrance";
  const TrackId track{++track_};
  const Milliseconds first = wall_now().time_since_epoch();
  for (Milliseconds at{0}; at < stays; at += chance_.between(Milliseconds{300}, minutes{4})) {
    const float cosine = 0.80F + 0.01F * static_cast<float>(chance_.below(20));
    after(at, [this, camera, track, first, number, cosine] {
      Sighting sighting;
      sighting.track = track;
      sighting.first_seen = WallTime(first);
      sighting.at = wall_now();
      sighting.quality = 0.5F;
      sighting.frames = 3;
      sighting.probe = axis_face(number, cosine);
      core_does("sighting", [&](Core& core) { return core.sighting(camera, sighting); });
    });
  }
  after(stays, [this, camera, track] {
    core_does("end of a track", [&](Core& core) {
      return core.track_ended(camera, {track, wall_now()});
    });
  });
}

void World::admin_acts() {
  if (!core_) return;
  if (members_.empty() || chance_.one_in(3)) return enrol();
  Member& member = chance_.of(members_);
  switch (chance_.below(5)) {
    case 0:
      return withdraw(member);
    case 1:
      return forget(member);
    case 2:
      return renew(member);
    default:
      core_does("ask", [&](Core& core) -> Status {
        MAITRED_TRY(core.verb("ask", {{"id", member.id.value}, {"text", "shoes"}}));
        return {};
      });
  }
}

void World::enrol() {
  NewCustomer fresh;
  fresh.profile.name = "Robin Sample";
  fresh.consent = {"v1", "form", {Scope::kRecognition, Scope::kHistory}, "", wall_now(), {}, {}};
  const std::size_t number = chance_.below(kFaces);
  fresh.templates.push_back(axis_face(number));
  const bool known = std::any_of(members_.begin(), members_.end(), [&](const Member& member) {
    return member.face == number && member.standing != Standing::kErased;
  });
  if (known) return;
  core_does("enrol", [&](Core& core) -> Status {
    MAITRED_ASSIGN(const CustomerId id, core.shop().store().customers().enrol(fresh, admin()));
    members_.push_back({id, number});
    note("customer " + id.value + " is enrolled");
    return core.shop().customer_changed(id);
  });
}

void World::withdraw(Member& member) {
  if (member.standing != Standing::kActive) return;
  member.unanswered = Standing::kWithdrawn;
  core_does("withdraw", [&](Core& core) -> Status {
    MAITRED_TRY(core.verb("consent_withdraw", {{"id", member.id.value}}));
    member.unanswered.reset();
    member.standing = Standing::kWithdrawn;
    member.ended_seq = core.shop().store().visits().last_seq();
    ++figures_.withdrawals;
    note("customer " + member.id.value + " has withdrawn");
    return {};
  });
}

void World::forget(Member& member) {
  if (member.standing == Standing::kErased) return;
  member.unanswered = Standing::kErased;
  core_does("forget", [&](Core& core) -> Status {
    const auto done = core.verb("forget", {{"id", member.id.value}});
    if (!done && done.error().code != "erasure_incomplete") return tl::unexpected(done.error());
    member.unanswered.reset();
    member.standing = Standing::kErased;
    if (member.ended_seq == 0) member.ended_seq = core.shop().store().visits().last_seq();
    ++figures_.erasures;
    note("customer " + member.id.value + " is erased");
    return {};
  });
}

void World::renew(Member& member) {
  if (member.standing != Standing::kWithdrawn) return;
  member.unanswered = Standing::kActive;
  core_does("renew", [&](Core& core) -> Status {
    MAITRED_TRY(core.verb("consent_renew",
                          {{"id", member.id.value}, {"version", "v1"}, {"reference", "form 2"}}));
    member.unanswered.reset();
    member.standing = Standing::kActive;
    member.ended_seq = 0;
    note("customer " + member.id.value + " consents again");
    return {};
  });
}

// Retention or a rotation of keys, step by step beside everything else.
void World::long_work() {
  if (!core_ || core_->at_work()) return;
  const bool rotates = chance_.one_in(20);
  if (rotates) ++figures_.rotations;
  if (!rotates) {
    // Retention erases who withdrew a while ago.
    for (Member& member : members_) {
      if (member.standing != Standing::kErased) member.unanswered = Standing::kErased;
    }
  }
  core_does("long work", [&](Core& core) {
    return rotates ? core.begin("key_rotate", {{"keep_key", false}})
                   : core.begin("retention", nlohmann::json::object());
  });
  work_on(rotates);
}

void World::work_on(bool rotates) {
  core_does("step", [](Core& core) { return core.step(); });
  if (core_ && core_->at_work()) return after(Milliseconds{2}, [=, this] { work_on(rotates); });
  if (core_ && !rotates) check_members(*core_);
}

void World::staff_act() { act(chance_.of(clients_)); }

void World::act(Client& client) {
  if (!core_) return;
  if (!client.connected()) {
    note(client.name() + " connects");
    core_->admit(client.connect(core_->io(), chance_), client.name());
    return;
  }
  const auto deed = chance_.below(12);
  if (deed == 0) {
    note(client.name() + " hangs up");
    return client.hang_up();
  }
  if (deed == 1) {
    ++figures_.cuts;
    client.wire()->cut(!client.wire()->is_cut());
    return note(client.name() + (client.wire()->is_cut() ? " is cut off" : " is back"));
  }
  if (client.shown().empty()) return;
  auto one = client.shown().begin();
  std::advance(one, static_cast<std::ptrdiff_t>(chance_.below(client.shown().size())));
  if (one->second.state == AlertState::kClaimed) {
    const std::vector<Outcome> outcomes = {Outcome::kServed, Outcome::kDeclined,
                                           Outcome::kNotFound};
    client.close(one->first, chance_.of(outcomes));
  } else {
    client.claim(one->first);
  }
}

void World::clock_is_set() {
  ++figures_.clock_jumps;
  const Milliseconds jump = chance_.between(hours{-20}, hours{20});
  set_wall_clock(jump);
  note(fmt::format("the clock is set by {} s", jump.count() / 1000));
}

void World::trouble() {
  if (!core_) return;
  switch (chance_.below(4)) {
    case 0:
      ++figures_.kills;
      return core_dies("it is killed");
    case 1:
      disk_.fail(static_cast<unsigned>(chance_.below(1U << 30)));
      return core_dies("the power failed");
    default:
      return power_fails_soon();
  }
}

// In the middle of whatever is written next.
void World::power_fails_soon() {
  disk_.plan(1 + static_cast<int>(chance_.below(12)),
             static_cast<unsigned>(chance_.below(1U << 30)));
}

void World::core_dies(const std::string& why) {
  if (!core_) return;
  if (disk_.dead()) ++figures_.power_failures;
  note("the core dies: " + why);
  // Nothing reaches the disk any more.
  if (!disk_.dead()) disk_.stop();
  core_.reset();
  for (Client& client : clients_) {
    if (client.connected()) client.wire()->cut(false);
  }
  disk_.plan(0, 0);
  after(chance_.between(seconds{1}, minutes{3}), [this] { restart(); });
}

void World::restart() {
  if (core_ || wrong_) return;
  auto started = Core::start(settings_, key_, [this](const Alert& alert) { published(alert); });
  if (!started && options_.lying_disk &&
      (started.error().code == "store_older" || started.error().code == "store_corrupt")) {
    ++figures_.noticed;
    return note("the core refuses the store: " + started.error().code);
  }
  if (!started) {
    return wrong(fmt::format("the core does not start: {}: {}", started.error().code,
                             started.error().message));
  }
  core_ = std::move(*started);
  note("the core runs");
  check_after_restart(*core_);
  // A rotation goes on where it was.
  if (core_->shop().store().keys().rotating()) {
    core_does("rotation", [](Core& core) -> Status {
      MAITRED_TRY(core.begin("key_rotate", {{"keep_key", false}}));
      while (core.at_work()) MAITRED_TRY(core.step());
      return {};
    });
  }
}

}  // namespace maitred::simulation
