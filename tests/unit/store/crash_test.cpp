// kill -9 at any moment: what was acknowledged is there, and nothing is half done.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <map>
#include <random>
#include <sstream>
#include <thread>

#include "maitred/base/file.h"
#include "store_fixture.h"

namespace maitred {
namespace {

class CrashTest : public StoreTest {
 protected:
  // Runs `work(fd)` in a child that is killed after `life`; what it wrote to the pipe until then.
  template <class Work>
  static std::string acknowledged_by(Work work, std::chrono::microseconds life) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      work(ends[1]);
      ::_exit(0);
    }
    ::close(ends[1]);
    // The clock starts when the child has the store open.
    std::string said;
    char letter = 0;
    if (::read(ends[0], &letter, 1) != 1) ADD_FAILURE() << "the child could not open the store";
    std::this_thread::sleep_for(life);
    ::kill(child, SIGKILL);
    char block[4096];
    for (ssize_t got = 0; (got = ::read(ends[0], block, sizeof block)) > 0;) {
      said.append(block, static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    return said;
  }

  static void say(int fd, const std::string& line) {
    if (::write(fd, line.data(), line.size()) < 0) ::_exit(1);
  }
};

TEST_F(CrashTest, NothingAcknowledgedIsLostAndNoSeqComesTwice) {
  { const Store store = create(); }
  std::mt19937 random(1);
  std::map<std::string, std::string> names;   // id -> name, acknowledged
  std::set<std::string> gone;                 // acknowledged as forgotten
  std::map<std::uint64_t, std::string> seqs;  // seq -> visit, acknowledged
  for (int round = 0; round < 30; ++round) {
    const auto work = [&](int fd) {
      auto store = Store::open(path_, key_);
      if (!store) ::_exit(1);
      say(fd, "!");
      for (int count = 0;; ++count) {
        const std::string name = "name" + std::to_string(round) + "-" + std::to_string(count);
        const auto id = store->customers().enrol(new_customer(name, name), kActor);
        if (!id) ::_exit(1);
        say(fd, "enrolled " + id->value + " " + name + "\n");
        const auto alert = store->visits().commit_arrival(arrival_of(*id), always, kActor);
        if (!alert) ::_exit(1);
        say(fd, "alert " + std::to_string((*alert)->alert.seq) + " " + (*alert)->alert.visit.value +
                    "\n");
        if (count % 4 != 3) continue;
        say(fd, "forgetting " + id->value + " x\n");
        if (!store->forget(*id, kActor)) ::_exit(1);
        say(fd, "forgot " + id->value + " x\n");
      }
    };
    const std::string said = acknowledged_by(work, std::chrono::microseconds(random() % 60000));
    std::istringstream lines(said);
    std::string what, first, second, uncertain;
    while (lines >> what >> first >> second) {
      if (what == "enrolled") names[first] = second;
      if (what == "forgetting") uncertain = first;
      if (what == "forgot") {
        gone.insert(first);
        uncertain.clear();
      }
      if (what == "alert") {
        EXPECT_TRUE(seqs.emplace(std::stoull(first), second).second) << "seq " << first << " twice";
      }
    }
    Store store = open();
    EXPECT_EQ(code_of(store.check()), "") << "round " << round;
    if (!uncertain.empty() && !store.customers().find(CustomerId(uncertain)))
      gone.insert(uncertain);
    for (const auto& [id, name] : names) {
      const auto found = store.customers().find(CustomerId(id));
      EXPECT_EQ(found.has_value(), !gone.contains(id)) << "round " << round;
      if (found) EXPECT_EQ(found->profile.name, name);
    }
    EXPECT_GE(store.visits().last_seq(), seqs.empty() ? 0 : seqs.rbegin()->first);
  }
  EXPECT_GT(names.size(), 30U);
  EXPECT_GT(gone.size(), 3U);
  // Every alert acknowledged is there, unless its customer is gone.
  const Store store = open();
  for (const auto& [seq, visit] : seqs) {
    const auto alert = store.visits().alert(VisitId(visit));
    if (alert) EXPECT_EQ(alert->alert.seq, seq);
  }
  EXPECT_EQ(must(store.visits().alerts({})).size() + gone.size() >= seqs.size(), true);
}

TEST_F(CrashTest, AStoreAppearsWholeOrNotAtAll) {
  std::mt19937 random(2);
  int whole = 0;
  for (int round = 0; round < 20; ++round) {
    path_ = folder_ / ("store" + std::to_string(round) + ".db");
    acknowledged_by(
        [&](int fd) {
          say(fd, "!");
          if (!Store::create(path_, key_, kActor)) ::_exit(1);
        },
        std::chrono::microseconds(random() % 30000));
    const std::string code = open_code();
    EXPECT_TRUE(code.empty() || code == "store_missing" || code == "key_missing") << code;
    if (code.empty()) ++whole;
    if (!code.empty()) create();
    EXPECT_EQ(open_code(), "");
  }
  EXPECT_GT(whole, 0);
}

TEST_F(CrashTest, TheLockEndsWithTheProcessThatHeldIt) {
  { const Store store = create(); }
  acknowledged_by(
      [&](int fd) {
        const auto store = Store::open(path_, key_);
        say(fd, "!");
        ::pause();
      },
      std::chrono::microseconds(1000));
  EXPECT_EQ(open_code(), "");
}

}  // namespace
}  // namespace maitred
