// One simulated shop: its core, its customers, its staff, its clocks, its disk and its network,
// under one scheduler that draws everything from a seed. After every step the world compares what
// it sees with what must hold:
//
// - no alert about somebody who withdrew or was erased is raised, listed or kept on a screen
// - every alert that was raised is in the store and on every screen that is connected, once
// - a claim has one winner, who stays the winner
// - what the core acknowledged is there after every crash, and the store opens
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "chance.h"
#include "client.h"
#include "core.h"
#include "tests/support/temporary_folder.h"

namespace maitred::simulation {

struct WorldOptions {
  std::uint64_t seed = 1;
  int days = 365;
  bool trace = false;
  // The disk answers syncs that it has not done. A loss must be noticed then: the shop ends with
  // the refusal to open the store.
  bool lying_disk = false;
};

struct WorldFigures {
  std::uint64_t steps = 0, arrivals = 0, alerts = 0, claims = 0, withdrawals = 0, erasures = 0;
  std::uint64_t kills = 0, power_failures = 0, clock_jumps = 0, cuts = 0, rotations = 0;
  std::uint64_t noticed = 0;  // refusals of a store that the disk has spoilt
  std::uint64_t digest = 0;   // of the whole history
};

class World {
 public:
  explicit World(const WorldOptions& options);
  ~World();

  // Runs to the end of the last day. Returns what did not hold, first of all, or nothing.
  std::optional<std::string> run();
  const WorldFigures& figures() const { return figures_; }

 private:
  enum class Standing { kActive, kWithdrawn, kErased };
  struct Member {
    CustomerId id;
    std::size_t face = 0;
    Standing standing = Standing::kActive;
    // Asked of the core, which died before it answered.
    std::optional<Standing> unanswered{};
    std::uint64_t ended_seq = 0;  // alerts with a greater seq must not be about this customer
  };
  struct Raised {
    CustomerId customer;
    Alert alert;
  };
  struct Event {
    WallTime at;  // by a clock that nobody sets
    std::uint64_t order;
    std::function<void()> work;
    bool operator<(const Event& other) const {
      return std::tie(other.at, other.order) < std::tie(at, order);
    }
  };

  // Scheduling.
  void after(Milliseconds wait, std::function<void()> work);
  void move_to(WallTime at);
  void settle();
  void note(const std::string& text);
  void wrong(const std::string& text);
  // Lets the core do something, which may turn out to be its end.
  void core_does(const std::string& what, const std::function<Status(Core&)>& work);

  // What happens.
  void everyday();
  void repeat(Milliseconds least, Milliseconds most, void (World::*what)());
  void somebody_comes();
  void stranger_comes();
  void walk(std::size_t face, Milliseconds stays);
  void admin_acts();
  void enrol();
  void withdraw(Member& member);
  void forget(Member& member);
  void renew(Member& member);
  void long_work();
  void work_on(bool rotates);
  void staff_act();
  void act(Client& client);
  void clock_is_set();
  void trouble();
  void power_fails_soon();
  void core_dies(const std::string& why);
  void restart();

  // What must hold.
  void check_heard(Client& client, const Client::Heard& heard);
  void check_screens();
  void check_after_restart(Core& core);
  void check_members(Core& core);
  Member* member_of(const CustomerId& id);
  void published(const Alert& alert);

  const WorldOptions options_;
  Chance chance_;
  TemporaryFolder folder_;
  Settings settings_;
  KeyAccess key_;
  test::TornDisk disk_{test::TornDisk::RealSync::kNo};
  const test::DiskShim shim_{disk_};
  std::unique_ptr<Core> core_;
  std::vector<Client> clients_;
  std::vector<Member> members_;
  std::map<VisitId, Raised> raised_;
  std::map<VisitId, std::string> winners_;

  WallTime true_now_{};
  std::uint64_t order_ = 0;
  std::uint64_t track_ = 0;
  std::priority_queue<Event> events_;
  std::optional<std::string> wrong_;
  WorldFigures figures_;
};

}  // namespace maitred::simulation
