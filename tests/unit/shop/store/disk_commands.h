// What the tests of bad disks do to a small store, and what they see of it afterwards.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "maitred/shop/store/backup.h"
#include "store_fixture.h"

namespace maitred {

using StoreCommand = std::function<Status(Store&, const KeyAccess&)>;

template <class Value>
Status only_status(const Result<Value>& result) {
  if (!result) return tl::unexpected(result.error());
  return {};
}

// Three customers who have been in once, an advisor and a consent text; their store's files as they
// were are kept aside.
class DiskTest : public StoreTest {
 protected:
  DiskTest() {
    Store store = create();
    for (const char* name : {"First", "Second", "Third"}) {
      const CustomerId id = must(store.customers().enrol(new_customer(name, name), kActor));
      must(store.customers().add_ask(id, {0, "shoes", "", kNow, true}, kActor));
      const Arrival arrival = arrival_of(id);
      must(store.visits().commit_arrival(arrival, always, kActor));
      visits_.push_back(arrival.visit);
      ids_.push_back(id);
    }
    must(store.staff().add("Kim", kActor));
    spare_slot_ = must(store.keys().add(key_file("spare.key"), "spare", kActor));
    { const Store closing = std::move(store); }
    base_ = folder_ / "base";
    std::filesystem::create_directory(base_);
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      if (entry.is_regular_file()) {
        std::filesystem::copy_file(entry.path(), base_ / entry.path().filename());
      }
    }
  }

  void put_back_base() {
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      if (entry.is_regular_file()) std::filesystem::remove(entry.path());
    }
    for (const auto& entry : std::filesystem::directory_iterator(base_)) {
      std::filesystem::copy_file(entry.path(), folder_ / entry.path().filename());
    }
  }

  // What a user sees of the store.
  static std::string seen(Store& store) {
    const Customers& customers = store.customers();
    std::string text;
    for (const CustomerSummary& one : must(customers.list())) {
      const Customer all = must(customers.find(one.id));
      const auto open = std::ranges::count(all.asks, true, &Ask::open);
      text += fmt::format("{}{} {} {}.{}.{}.{}.{}.{} ", one.name, one.withdrawn ? "-" : "+",
                          all.profile.note, must(customers.consent_history(one.id)).size(),
                          must(customers.templates(one.id)).size(), all.asks.size(), open,
                          all.purchases.size(), all.caution.steps);
      for (const Visit& visit : must(store.visits().list(VisitQuery{one.id, {}, false, 0}))) {
        text += fmt::format("{}:{} ", word(visit.outcome),
                            must(store.visits().feedback(visit.id)).size());
      }
    }
    for (const StaffMember& one : must(store.staff().list())) text += one.name + " ";
    for (const StoredAlert& one : must(store.visits().open_alerts())) {
      text += fmt::format("{}{} ", word(one.alert.state), one.alert.by);
    }
    for (const ConsentText& one : must(store.consent_texts().list())) text += one.version + " ";
    const auto setting = must(store.setting("made-up"));
    // A rotation has one of its own, for as long as it goes on.
    for (const KeySlot& one : must(store.keys().slots())) text += one.label;
    return text + (setting ? "set" : "");
  }

  struct NamedCommand {
    std::string name;
    StoreCommand run;
  };

  // Each way in which the programs write to a store.
  std::vector<NamedCommand> commands() {
    std::vector<NamedCommand> all = customers_commands();
    for (const auto& more : {visits_commands(), store_commands()}) {
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }

  std::vector<NamedCommand> customers_commands() {
    return {
        {"enrol",
         [](Store& store, const KeyAccess&) {
           return only_status(store.customers().enrol(new_customer("Fourth", "L4"), kActor));
         }},
        {"import of several",
         [](Store& store, const KeyAccess&) {
           return store.together([&]() -> Status {
             for (const char* name : {"Fourth", "Fifth", "Sixth"}) {
               MAITRED_TRY(store.customers().enrol(new_customer(name, name), kActor));
             }
             return {};
           });
         }},
        {"update",
         [this](Store& store, const KeyAccess&) -> Status {
           MAITRED_ASSIGN(Customer customer, store.customers().find(ids_[1]));
           customer.profile.note = "noted";
           return store.customers().update_profile(ids_[1], customer.profile, kActor);
         }},
        {"new photos",
         [this](Store& store, const KeyAccess&) {
           std::vector<Template> fresh;
           for (const unsigned seed : {8U, 9U}) fresh.push_back(made_up_template(seed));
           return store.customers().replace_templates(ids_[1], fresh, kActor);
         }},
        {"learn",
         [this](Store& store, const KeyAccess&) {
           return store.customers().learn_template(
               ids_[1], store.rotation().rotate(made_up_template(8)), 3, kActor);
         }},
        {"renew",
         [this](Store& store, const KeyAccess&) {
           return store.customers().set_consent(ids_[1], consent_to(), kActor, "renewed");
         }},
        {"caution",
         [this](Store& store, const KeyAccess&) {
           return store.customers().set_caution(ids_[1], {1, {kNow}, {}}, kActor, "step 1");
         }},
        {"ask",
         [this](Store& store, const KeyAccess&) {
           return only_status(
               store.customers().add_ask(ids_[1], {0, "socks", "", kNow, true}, kActor));
         }},
        {"close asks",
         [this](Store& store, const KeyAccess&) {
           return only_status(store.customers().close_asks(ids_[1], kActor));
         }},
        {"purchase",
         [this](Store& store, const KeyAccess&) {
           return only_status(
               store.customers().add_purchase(ids_[1], {0, "SKU-1", "bought", kNow}, kActor));
         }},
        {"withdraw",
         [this](Store& store, const KeyAccess&) {
           return only_status(store.withdraw(ids_[1], kActor));
         }},
        {"forget", [this](Store& store,
                          const KeyAccess&) { return only_status(store.forget(ids_[1], kActor)); }},
        {"retention", [this](Store& store, const KeyAccess&) {
           return only_status(store.forget_all({ids_[0], ids_[2]}, kActor));
         }}};
  }

  std::vector<NamedCommand> visits_commands() {
    return {
        {"arrival",
         [this](Store& store, const KeyAccess&) {
           return only_status(store.visits().commit_arrival(arrival_of(ids_[0]), always, kActor));
         }},
        {"claim",
         [this](Store& store, const KeyAccess&) -> Status {
           MAITRED_ASSIGN(StoredAlert alert, store.visits().alert(visits_[1].id));
           alert.alert.state = AlertState::kClaimed;
           alert.alert.by = "Kim";
           return only_status(store.visits().commit_alert_change(alert, std::nullopt, kActor));
         }},
        {"close",
         [this](Store& store, const KeyAccess&) -> Status {
           MAITRED_ASSIGN(StoredAlert alert, store.visits().alert(visits_[1].id));
           alert.alert.state = AlertState::kClosed;
           Visit visit = visits_[1];
           visit.outcome = Outcome::kServed;
           return only_status(store.visits().commit_alert_change(alert, visit, kActor));
         }},
        {"outcome",
         [this](Store& store, const KeyAccess&) {
           return close_visit(store, visits_[1].id, Outcome::kNotFound, "");
         }},
        {"feedback", [this](Store& store, const KeyAccess&) {
           return store.visits().add_feedback({visits_[1].id, 9, "kind", kNow}, kActor);
         }}};
  }

  std::vector<NamedCommand> store_commands() {
    return {{"staff add",
             [](Store& store, const KeyAccess&) {
               return only_status(store.staff().add("Sam", kActor));
             }},
            {"staff revoke",
             [](Store& store, const KeyAccess&) { return store.staff().revoke("Kim", kActor); }},
            {"consent text",
             [](Store& store, const KeyAccess&) {
               return store.consent_texts().add({"v9", "You agree.", kNow}, kActor);
             }},
            {"setting",
             [](Store& store, const KeyAccess&) {
               return store.set_setting("made-up", std::vector<std::uint8_t>{1});
             }},
            {"key add",
             [this](Store& store, const KeyAccess&) {
               return only_status(store.keys().add(key_file("third.key"), "third", kActor));
             }},
            {"key remove",
             [this](Store& store, const KeyAccess&) {
               return store.keys().remove(spare_slot_, kActor);
             }},
            {"rotate",
             [](Store& store, const KeyAccess& key) -> Status {
               MAITRED_TRY(store.keys().begin_rotation(key, false, kActor));
               for (;;) {
                 MAITRED_ASSIGN(const auto progress, store.keys().rotate_some(key, 2, kActor));
                 if (progress.finished) return {};
               }
             }},
            {"backup", [this](Store& store, const KeyAccess&) -> Status {
               MAITRED_ASSIGN(const auto backup,
                              Backup::begin(store, folder_ / "backup", std::nullopt, kActor));
               for (;;) {
                 MAITRED_ASSIGN(const auto progress, backup->step());
                 if (progress.finished) return {};
               }
             }}};
  }

  // What is seen when nothing fails.
  struct Undisturbed {
    std::string before;
    std::string after;
  };
  Undisturbed undisturbed(const NamedCommand& command) {
    put_back_base();
    Store store = open();
    std::string before = seen(store);
    must(command.run(store, key_));
    return {std::move(before), seen(store)};
  }

  std::filesystem::path base_;
  std::vector<CustomerId> ids_;
  std::vector<Visit> visits_;
  std::int64_t spare_slot_ = 0;
};

}  // namespace maitred
