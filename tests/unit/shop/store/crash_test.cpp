// kill -9 at any moment: what was acknowledged is there, and nothing is half done.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
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
  // Runs `work(fd)` in a child, waits until it has said that many lines, and kills it a moment
  // later; everything it said.
  template <class Work>
  static std::string said_by(Work work, std::size_t lines, std::chrono::microseconds moment) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      work(ends[1]);
      ::_exit(0);
    }
    ::close(ends[1]);
    std::string said;
    const auto read_on = [&] {
      char block[4096];
      const ssize_t got = ::read(ends[0], block, sizeof block);
      if (got > 0) said.append(block, static_cast<std::size_t>(got));
      return got > 0;
    };
    while (static_cast<std::size_t>(std::count(said.begin(), said.end(), '\n')) < lines &&
           read_on()) {
    }
    std::this_thread::sleep_for(moment);
    ::kill(child, SIGKILL);
    while (read_on()) {
    }
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    return said;
  }

  static void say(int fd, const std::string& line) {
    if (::write(fd, line.data(), line.size()) < 0) ::_exit(1);
  }
};

// What children said had been done.
struct Acknowledged {
  struct Sent {
    std::string visit;
    std::string customer;
  };
  std::map<std::string, std::string> names;  // id -> name
  std::map<std::uint64_t, Sent> alerts;      // by seq
  std::set<std::string> gone;
  std::string uncertain;  // being forgotten when the end came

  void read(const std::string& said) {
    uncertain.clear();
    std::string what, first, second, third;
    for (std::istringstream lines(said); lines >> what >> first >> second >> third;) {
      if (what == "enrolled") names[first] = second;
      if (what == "forgetting") uncertain = first;
      if (what == "forgot") gone.insert(first);
      if (what == "forgot") uncertain.clear();
      if (what != "alert") continue;
      const bool fresh = alerts.emplace(std::stoull(first), Sent{second, third}).second;
      EXPECT_TRUE(fresh) << "seq " << first << " was given out twice";
    }
  }
};

TEST_F(CrashTest, NothingAcknowledgedIsLostAndNoSeqComesTwice) {
  { const Store store = create(); }
  std::mt19937 random(1);
  Acknowledged done;
  for (int round = 0; round < 30; ++round) {
    const auto work = [&](int fd) {
      auto store = Store::open(path_, key_);
      if (!store) ::_exit(1);
      for (int count = 1;; ++count) {
        const std::string name = "name" + std::to_string(round) + "-" + std::to_string(count);
        const auto id = store->customers().enrol(new_customer(name, name), kActor);
        if (!id) ::_exit(1);
        say(fd, "enrolled " + id->value + " " + name + " x\n");
        const auto sent = store->visits().commit_arrival(arrival_of(*id), always, kActor);
        if (!sent) ::_exit(1);
        const Alert& alert = (*sent)->alert;
        say(fd, "alert " + std::to_string(alert.seq) + " " + alert.visit.value + " " + id->value +
                    "\n");
        if (count % 4 != 0) continue;
        say(fd, "forgetting " + id->value + " x x\n");
        if (!store->forget(*id, kActor)) ::_exit(1);
        say(fd, "forgot " + id->value + " x x\n");
      }
    };
    done.read(said_by(work, random() % 14, std::chrono::microseconds(random() % 4000)));
    const Store store = open();
    EXPECT_EQ(code_of(store.check()), "") << "round " << round;
    if (!store.customers().find(CustomerId(done.uncertain))) done.gone.insert(done.uncertain);
    for (const auto& [id, name] : done.names) {
      const auto found = store.customers().find(CustomerId(id));
      EXPECT_EQ(found.has_value(), !done.gone.contains(id)) << "round " << round;
      EXPECT_EQ(found ? found->profile.name : name, name);
    }
    for (const auto& [seq, sent] : done.alerts) {
      const auto alert = store.visits().alert(VisitId(sent.visit));
      EXPECT_EQ(alert.has_value(), !done.gone.contains(sent.customer)) << "round " << round;
      EXPECT_EQ(alert ? alert->alert.seq : seq, seq);
    }
  }
  EXPECT_GT(done.names.size(), 30U);
  EXPECT_GT(done.gone.size(), 3U);
}

TEST_F(CrashTest, AStoreAppearsWholeOrNotAtAll) {
  std::mt19937 random(2);
  const auto start = std::chrono::steady_clock::now();
  { const Store store = create(); }
  const auto usual = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - start);
  for (int round = 0; round < 20; ++round) {
    path_ = folder_ / ("store" + std::to_string(round) + ".db");
    const auto moment = usual * static_cast<int>(random() % 120) / 100;
    said_by(
        [&](int) {
          if (!Store::create(path_, key_, kActor)) ::_exit(1);
        },
        0, moment);
    const std::string code = open_code();
    EXPECT_TRUE(code.empty() || code == "store_missing") << code;
    if (!code.empty()) create();
    EXPECT_EQ(open_code(), "");
  }
}

TEST_F(CrashTest, TheLockEndsWithTheProcessThatHeldIt) {
  { const Store store = create(); }
  said_by(
      [&](int fd) {
        const auto store = Store::open(path_, key_);
        say(fd, "open\n");
        ::pause();
      },
      1, std::chrono::microseconds(0));
  EXPECT_EQ(open_code(), "");
}

}  // namespace
}  // namespace maitred
