// What the tests of bad disks do to a small store, and what they see of it afterwards.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "maitred/store/backup.h"
#include "store_fixture.h"

namespace maitred {

using StoreCommand = std::function<Status(Store&, const KeyAccess&)>;

template <class Value>
Status only_status(const Result<Value>& result) {
  if (!result) return tl::unexpected(result.error());
  return {};
}

// Three customers who have been in once; their store's files as they were are kept aside.
class DiskTest : public StoreTest {
 protected:
  DiskTest() {
    Store store = create();
    for (const char* name : {"First", "Second", "Third"}) {
      const CustomerId id = must(store.customers().enrol(new_customer(name, name), kActor));
      must(store.visits().commit_arrival(arrival_of(id), always, kActor));
      ids_.push_back(id);
    }
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
  static std::string seen(const Store& store) {
    std::string text;
    for (const CustomerSummary& one : must(store.customers().list())) {
      text += one.name + (one.withdrawn ? "-" : "+") +
              std::to_string(must(store.visits().list(VisitQuery{one.id, {}, false, 0})).size()) +
              " ";
    }
    return text;
  }

  struct NamedCommand {
    std::string name;
    StoreCommand run;
  };
  std::vector<NamedCommand> commands() {
    return {
        {"enrol",
         [](Store& store, const KeyAccess&) {
           return only_status(store.customers().enrol(new_customer("Fourth", "L4"), kActor));
         }},
        {"withdraw",
         [this](Store& store, const KeyAccess&) {
           return only_status(store.withdraw(ids_[1], kActor));
         }},
        {"forget", [this](Store& store,
                          const KeyAccess&) { return only_status(store.forget(ids_[1], kActor)); }},
        {"arrival",
         [this](Store& store, const KeyAccess&) {
           return only_status(store.visits().commit_arrival(arrival_of(ids_[0]), always, kActor));
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
  struct Outcome {
    std::string before;
    std::string after;
  };
  Outcome undisturbed(const NamedCommand& command) {
    put_back_base();
    Store store = open();
    std::string before = seen(store);
    must(command.run(store, key_));
    return {std::move(before), seen(store)};
  }

  std::filesystem::path base_;
  std::vector<CustomerId> ids_;
};

}  // namespace maitred
