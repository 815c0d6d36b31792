// Key slots, rotation, and the witness of the store's generation.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <random>

#include "maitred/base/file.h"
#include "raw_rows.h"
#include "store_fixture.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

class KeysTest : public StoreTest {
 protected:
  // Store::open with another key.
  std::string code_with(const KeyAccess& key) { return code_of(Store::open(path_, key)); }

  void rotate(Store& store, bool keep_key = false) {
    must(store.keys().begin_rotation(key_, keep_key, kActor));
    while (!must(store.keys().rotate_some(key_, 2, kActor)).finished) {
    }
  }
};

TEST_F(KeysTest, HalfAKeyFileThatACrashLeftIsGoneAfterTheNextStart) {
  { const Store closing = create(); }
  for (const char* name : {"store.key.new", "store.key.next.new"}) {
    std::ofstream(folder_ / name) << "half a key";
  }
  must(Store::open(path_, key_));
  EXPECT_FALSE(fs::exists(folder_ / "store.key.new"));
  EXPECT_FALSE(fs::exists(folder_ / "store.key.next.new"));
  EXPECT_TRUE(fs::exists(folder_ / "store.key"));
}

TEST_F(KeysTest, AnySlotOpensTheStoreUntilItIsRemoved) {
  {
    Store store = create();
    EXPECT_EQ(must(store.keys().add(passphrase("rescue"), "safe", kActor)), 2);
    EXPECT_EQ(must(store.keys().add(key_file("second.key"), "", kActor)), 3);
    EXPECT_EQ(code_of(store.keys().add(passphrase("rescue"), "", kActor)), "slot_exists");
    EXPECT_EQ(code_of(store.keys().remove(1, kActor)), "slot_in_use");
    EXPECT_EQ(code_of(store.keys().remove(9, kActor)), "unknown_slot");
    const auto slots = must(store.keys().slots());
    ASSERT_EQ(slots.size(), 3U);
    EXPECT_TRUE(slots[0].in_use);
    EXPECT_EQ(slots[1].kind, "passphrase");
    EXPECT_EQ(slots[1].label, "safe");
  }
  EXPECT_EQ(code_with(passphrase("rescue")), "");
  EXPECT_EQ(code_with(passphrase("other")), "key_wrong");
  {
    Store store = must(Store::open(path_, key_file("second.key")));
    must(store.keys().remove(1, kActor));
    must(store.keys().remove(2, kActor));
    EXPECT_EQ(code_of(store.keys().remove(3, kActor)), "slot_in_use");
  }
  EXPECT_EQ(open_code(), "key_wrong");
  EXPECT_EQ(code_with(passphrase("rescue")), "key_wrong");
  EXPECT_EQ(code_with(key_file("second.key")), "");
}

TEST_F(KeysTest, RotationChangesEveryKeyAndKeepsEverySlotAndRow) {
  std::vector<CustomerId> ids;
  {
    Store store = create();
    must(store.keys().add(passphrase("rescue"), "safe", kActor));
    for (unsigned seed = 0; seed < 7; ++seed) {
      NewCustomer customer =
          new_customer(std::to_string(seed) + "name", std::to_string(seed) + "L", seed);
      customer.photos.push_back({1, 2, 3});
      ids.push_back(must(store.customers().enrol(customer, kActor)));
      must(store.customers().add_ask(ids.back(), {0, "ask", "", kNow, true}, kActor));
      const Arrival arrival = arrival_of(ids.back());
      must(store.visits().commit_arrival(arrival, always, kActor));
      must(store.visits().add_feedback({arrival.visit.id, 9, "good", kNow}, kActor));
    }
  }
  const std::string old_key = content_of(folder_ / "store.key");
  const std::string sealed_before = content_of(path_);
  const auto sealed = [this](const char* table) {
    return raw_column(path_, std::string("SELECT sealed FROM ") + table);
  };
  std::map<std::string, std::vector<std::string>> before;
  const std::vector<const char*> tables = {"customers", "consents",     "entries",
                                           "templates", "photos",       "visits",
                                           "alerts",    "alert_events", "feedback"};
  for (const char* table : tables) before[table] = sealed(table);
  {
    Store store = open();
    rotate(store);
    EXPECT_FALSE(store.keys().rotating());
    EXPECT_EQ(code_of(store.check()), "");
  }
  EXPECT_NE(content_of(folder_ / "store.key"), old_key);
  EXPECT_FALSE(fs::exists(folder_ / "store.key.next"));
  for (const char* table : tables) {
    const auto after = sealed(table);
    ASSERT_EQ(after.size(), 7U) << table;
    for (std::size_t row = 0; row < after.size(); ++row) {
      EXPECT_NE(after[row], before[table][row]) << table;
    }
  }
  {
    const Store store = open();
    EXPECT_EQ(code_of(store.check()), "");
    EXPECT_EQ(must(store.customers().find(ids[3])).profile.name, "3name");
    EXPECT_EQ(must(store.customers().by_loyalty("3L")), ids[3]);
    EXPECT_EQ(must(store.customers().photos(ids[3])).size(), 1U);
  }
  EXPECT_EQ(code_with(passphrase("rescue")), "");
  // The old key is worth nothing for the store as it is now.
  const std::string new_key = content_of(folder_ / "store.key");
  must(write_file(folder_ / "old.key",
                  {reinterpret_cast<const std::uint8_t*>(old_key.data()), old_key.size()}, 0600));
  EXPECT_EQ(code_with(key_file("old.key")), "key_wrong");
}

TEST_F(KeysTest, RotationMayLeaveTheKeyFile) {
  create();
  const std::string key = content_of(folder_ / "store.key");
  {
    Store store = open();
    rotate(store, true);
    EXPECT_EQ(store.epoch(), 2U);
  }
  EXPECT_EQ(content_of(folder_ / "store.key"), key);
  EXPECT_EQ(open_code(), "");
}

// In a child that ends at each of the points in turn, without any clean-up.
TEST_F(KeysTest, ARotationThatIsKilledAnywhereGoesOn) {
  std::vector<CustomerId> ids;
  {
    Store store = create();
    for (unsigned seed = 0; seed < 9; ++seed) {
      ids.push_back(must(store.customers().enrol(new_customer("Name", "", seed), kActor)));
    }
  }
  const auto rotate_in_child = [this] {
    const pid_t child = ::fork();
    if (child != 0) return child;
    auto store = Store::open(path_, key_);
    if (!store || !store->keys().begin_rotation(key_, false, kActor)) ::_exit(1);
    for (;;) {
      const auto progress = store->keys().rotate_some(key_, 1, kActor);
      if (!progress) ::_exit(1);
      if (progress->finished) ::_exit(0);
    }
  };
  // How long one takes here and now; the kills fall within that.
  const auto start = std::chrono::steady_clock::now();
  ::waitpid(rotate_in_child(), nullptr, 0);
  const auto usual = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - start);
  std::mt19937 random(3);
  int interrupted = 0;
  for (int round = 0; round < 12; ++round) {
    const pid_t child = rotate_in_child();
    ::usleep(static_cast<useconds_t>(random() % static_cast<unsigned long>(usual.count())));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    Store store = open();
    interrupted += store.keys().rotating() ? 1 : 0;
    for (const CustomerId& id : ids) EXPECT_TRUE(store.customers().find(id)) << round;
    EXPECT_EQ(code_of(store.check()), "") << round;
  }
  EXPECT_GT(interrupted, 0);
  {
    Store store = open();
    rotate(store);
    EXPECT_EQ(must(store.keys().slots()).size(), 1U);
  }
  EXPECT_EQ(open_code(), "");
}

class WitnessTest : public KeysTest {};

TEST_F(WitnessTest, AnOlderCopyOfTheFileIsNoticed) {
  {
    Store store = create();
    must(store.customers().enrol(new_customer("A Name", ""), kActor));
  }
  const std::string before = content_of(path_);
  CustomerId gone;
  {
    Store store = open();
    gone = must(store.customers().list()).at(0).id;
    must(store.forget(gone, kActor));
  }
  overwrite(path_, before);
  EXPECT_EQ(open_code(), "store_older");
  // Taking it as it is does not bring back who was forgotten.
  Store store = must(Store::open(path_, key_, {true, kActor}));
  EXPECT_EQ(must(store.customers().count()), 0U);
  EXPECT_EQ(must(store.audit().rows(2)).at(0).action, "accept");
  { const Store closing = std::move(store); }
  EXPECT_EQ(open_code(), "");
}

TEST_F(WitnessTest, AfterACrashTheWitnessIsNotBefore) {
  { create(); }
  for (int round = 0; round < 5; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = Store::open(path_, key_);
      if (store) static_cast<void>(store->customers().enrol(new_customer("N", ""), kActor));
      ::_exit(0);  // no destructor
    }
    ::waitpid(child, nullptr, 0);
    EXPECT_EQ(open_code(), "") << round;
  }
  EXPECT_EQ(must(open().customers().count()), 5U);
}

TEST_F(WitnessTest, AMissingOrForeignWitnessIsNoticed) {
  { create(); }
  const fs::path witness = path_.string() + ".generation";
  const std::string content = content_of(witness);
  fs::remove(witness);
  EXPECT_EQ(open_code(), "store_older");
  overwrite(witness, std::string(content.size(), '\0'));
  EXPECT_EQ(open_code(), "store_older");
  overwrite(witness, content);
  EXPECT_EQ(open_code(), "");
  fs::remove(witness);
  must(Store::open(path_, key_, {true, kActor}));
  EXPECT_EQ(open_code(), "");
}

// $MAITRED_ALL_BITS tries every bit of the file instead of a sample of the bytes.
TEST_F(WitnessTest, EveryFlippedBitOfAClosedFileIsNoticed) {
  {
    Store store = create();
    const CustomerId id = must(store.customers().enrol(new_customer("A Name", "L1"), kActor));
    must(store.visits().commit_arrival(arrival_of(id), always, kActor));
    must(store.customers().enrol(new_customer("B Name", "L2"), kActor));
  }
  const std::string whole = content_of(path_);
  const std::string witness = content_of(path_.string() + ".generation");
  const bool all = std::getenv("MAITRED_ALL_BITS") != nullptr;
  std::size_t tried = 0;
  for (std::size_t bit = 0; bit < whole.size() * 8; bit += all ? 1 : 30011, ++tried) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    overwrite(path_, flipped);
    const auto opened = Store::open(path_, key_);
    ASSERT_FALSE(opened) << "bit " << bit;
    const std::string& code = opened.error().code;
    EXPECT_TRUE(code == "store_corrupt" || code == "key_wrong" || code == "store_too_new" ||
                code == "key_invalid")
        << "bit " << bit << ": " << code;
    ASSERT_EQ(content_of(path_.string() + ".generation"), witness) << "bit " << bit;
  }
  std::printf("%zu bits of %zu\n", tried, whole.size() * 8);
  overwrite(path_, whole);
  EXPECT_EQ(open_code(), "");
}

}  // namespace
}  // namespace maitred
