// An attacker who puts earlier copies of the store's files back, in every mixture: whoever was
// erased or has withdrawn stays so, or the store does not open.
//
// $MAITRED_EVERY_MIXTURE tries all of them instead of a sample.
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <optional>

#include "src/shop/store/integrity/erasure_list.h"
#include "src/shop/store/store_access.h"
#include "store_fixture.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

// The database, its log, the generation and the list of erasures.
constexpr std::array<const char*, 4> kTails = {"", "-wal", ".generation", ".erasures"};

class OldCopiesTest : public StoreTest {
 protected:
  OldCopiesTest() {
    {
      Store store = create();
      for (const char* name : {"Stays", "Withdraws", "Leaves"}) {
        ids_.push_back(must(store.customers().enrol(new_customer(name, name), kActor)));
      }
    }
    Store store = open();
    keep(store);
    must(store.withdraw(ids_[1], at(1)));
    keep(store);
    must(store.forget(ids_[2], at(2)));
    keep(store);
    Consent again = consent_to();
    again.granted = at(3).at;
    must(store.customers().set_consent(ids_[1], again, at(3), "renewed"));
    keep(store);
    must(store.withdraw(ids_[1], at(4)));
    keep(store);
  }

  // True if the store opens. Then nobody whom the list ends is alive in it, and it is not older
  // than the generation.
  bool try_mixture(const std::array<std::size_t, 4>& states) {
    const auto [database, log, generation, list] = states;
    const std::string mixture =
        fmt::format("database {}, log {}, generation {}, list {}", database, log, generation, list);
    put_back(states);
    const auto store = Store::open(path_, key_);
    if (!store) {
      EXPECT_FALSE(database == log && log == generation && generation == list) << mixture;
      const std::string& code = store.error().code;
      EXPECT_TRUE(code == "store_older" || code == "store_corrupt") << mixture << ": " << code;
      return false;
    }
    EXPECT_LE(generation, state_of(*store)) << mixture;
    if (list == states_) return true;  // no such file
    if (is_erased(list)) {
      EXPECT_EQ(code_of(store->customers().find(ids_[2])), "unknown_customer") << mixture;
    }
    const Consent consent = must(store->customers().find(ids_[1])).consent;
    const WallTime ended = list == 0 ? WallTime{} : at(list == 4 ? 4 : 1).at;
    EXPECT_TRUE(consent.withdrawn || consent.granted >= ended) << mixture;
    return true;
  }

  static Actor at(int minute) { return {kActor.name, kNow + std::chrono::minutes(minute)}; }

  fs::path kept(std::size_t state, std::size_t file) const {
    return folder_ / ("kept" + std::to_string(state) + kTails[file]);
  }

  // The files as a crash at this moment would leave them. SQLite has the store open: it copies.
  void keep(Store& store) {
    must(store.set_setting("state", {{static_cast<std::uint8_t>(states_)}}));
    for (std::size_t file = 0; file < kTails.size(); ++file) {
      const fs::path from = path_.string() + kTails[file];
      if (fs::exists(from)) fs::copy_file(from, kept(states_, file));
    }
    ++states_;
  }

  // A state from `states_` on means: no such file.
  void put_back(const std::array<std::size_t, 4>& states) {
    for (std::size_t file = 0; file < kTails.size(); ++file) {
      const fs::path to = path_.string() + kTails[file];
      fs::remove(to);
      if (fs::exists(kept(states[file], file))) fs::copy_file(kept(states[file], file), to);
    }
  }

  static std::size_t state_of(const Store& store) {
    return must(store.setting("state")).value().at(0);
  }

  // Who is erased or has withdrawn in this state, as the list says it.
  static bool is_erased(std::size_t state) { return state >= 2; }
  static bool is_withdrawn(std::size_t state) { return state == 1 || state == 2 || state == 4; }

  std::vector<CustomerId> ids_;
  std::size_t states_ = 0;
};

TEST_F(OldCopiesTest, NoMixtureBringsAnybodyBack) {
  const std::size_t none = states_;
  const bool every = std::getenv("MAITRED_EVERY_MIXTURE") != nullptr;
  std::size_t opened = 0;
  for (std::size_t database = 0; database < states_; ++database) {
    for (std::size_t log = 0; log <= none; ++log) {
      if (!every && log != database && log != none && log + 1 != states_) continue;
      for (std::size_t generation = 0; generation <= none; ++generation) {
        if (!every && generation != database && generation != 0 && generation < 4) continue;
        for (std::size_t list = 0; list <= none; ++list) {
          opened += try_mixture({database, log, generation, list}) ? 1 : 0;
        }
      }
    }
  }
  EXPECT_GE(opened, states_);
}

TEST_F(OldCopiesTest, TheDatabaseAndTheGenerationOfYesterdayAreRefused) {
  for (std::size_t state = 0; state < 2; ++state) {
    put_back({state, state, state, states_ - 1});
    const auto store = Store::open(path_, key_);
    ASSERT_EQ(code_of(store), "store_older") << state;
    EXPECT_EQ(store.error().fault, Fault::kEnvironment);
    for (const char* said : {".erasures", "audit accept"}) {
      EXPECT_NE(store.error().message.find(said), std::string::npos) << store.error().message;
    }
  }
}

TEST_F(OldCopiesTest, WhatIsAcceptedIsBroughtUpToTheList) {
  for (std::size_t state = 0; state + 1 < states_; ++state) {
    for (std::size_t list = 0; list < states_; ++list) {
      put_back({state, state, state, list});
      OpenOptions as_it_is;
      as_it_is.accept_older = true;
      as_it_is.actor = at(10);
      {
        Store store = must(Store::open(path_, key_, as_it_is));
        const bool erased = is_erased(state) || is_erased(list);
        EXPECT_EQ(code_of(store.customers().find(ids_[2])), erased ? "unknown_customer" : "");
        // A consent that was given after the withdrawal on the list stays.
        const bool renewed = state == 3 && list < 4;
        const bool ended = !renewed && (is_withdrawn(state) || is_withdrawn(list) || list == 3);
        const Customer second = must(store.customers().find(ids_[1]));
        EXPECT_EQ(second.consent.withdrawn.has_value(), ended) << state << " " << list;
      }
      // Once accepted, it opens from then on.
      EXPECT_EQ(open_code(), "") << state << " " << list;
    }
  }
}

TEST_F(OldCopiesTest, AllFilesOfYesterdayTogetherCannotBeNoticed) {
  put_back({0, 0, 0, 0});
  Store store = open();
  EXPECT_EQ(code_of(store.customers().find(ids_[2])), "");
}

// Up to the version before, a restore noted in the store only what concerned somebody in it.
TEST_F(OldCopiesTest, AStoreThatDoesNotKnowAllOfItsListYetTakesItOver) {
  put_back({2, 2, 2, 4});
  {
    OpenOptions as_it_is;
    as_it_is.accept_older = true;
    as_it_is.actor = at(10);
    Store store = must(Store::open(path_, key_, as_it_is));
    Vault& vault = StoreAccess::vault(store);
    must(Query(vault.database(), "DELETE FROM withdrawals").run());
    must(Query(vault.database(), "DELETE FROM tombstones").run());
    vault.ledger().listed = false;
    must(vault.keep_ledger());
  }
  // The second customer is withdrawn here, and the third one is gone: the list names nobody whom
  // it would end.
  EXPECT_EQ(open_code(), "");
  Store store = open();
  EXPECT_EQ(must(erasures_of(StoreAccess::vault(store))).erased.size(), 1U);
  EXPECT_TRUE(StoreAccess::vault(store).ledger().listed);
}

TEST_F(OldCopiesTest, ASlotThatWasRemovedDoesNotComeBackWithAnOlderCopy) {
  put_back({4, 4, 4, 4});
  std::int64_t slot = 0;
  {
    Store store = open();
    slot = must(store.keys().add(key_file("spare.key"), "spare", at(5)));
  }
  for (std::size_t file = 0; file < kTails.size(); ++file) fs::remove(kept(0, file));
  {
    Store store = open();
    keep(store);  // as state `states_ - 1`
    must(store.keys().remove(slot, at(6)));
  }
  fs::copy_file(path_.string() + ".erasures", kept(0, 3));
  put_back({states_ - 1, states_ - 1, states_ - 1, 0});
  ASSERT_EQ(open_code(), "store_older");
  OpenOptions as_it_is;
  as_it_is.accept_older = true;
  as_it_is.actor = at(10);
  must(Store::open(path_, key_, as_it_is));
  EXPECT_EQ(code_of(Store::open(path_, key_file("spare.key"))), "key_wrong");
  EXPECT_EQ(open_code(), "");
}

}  // namespace
}  // namespace maitred
