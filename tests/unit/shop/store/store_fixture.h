// A store in a folder of its own, and people to put into it.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "maitred/shop/store/store.h"

namespace maitred {

inline const WallTime kNow = *parse_time("2026-11-22T10:15:03.120Z");
inline const Actor kActor{"uid:1000", kNow};

// The value, or a test failure with the error's text and the end of the program.
template <class Value>
Value must(Result<Value> result) {
  if (!result) {
    ADD_FAILURE() << result.error().code << ": " << result.error().message;
    std::abort();
  }
  return std::move(*result);
}
inline void must(const Status& status) {
  if (!status) {
    ADD_FAILURE() << status.error().code << ": " << status.error().message;
    std::abort();
  }
}

// The error's code; empty for success.
template <class Value>
std::string code_of(const Result<Value>& result) {
  return result ? "" : result.error().code;
}

inline std::vector<float> random_values(unsigned seed, std::size_t length = 256) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(length);
  for (float& value : values) value = normal(random);
  return values;
}

inline Template made_up_template(unsigned seed, const std::string& engine = "retail") {
  return Template(engine, random_values(seed));
}

inline Consent consent_to(std::set<Scope> scopes = {Scope::kRecognition, Scope::kHistory}) {
  Consent consent;
  consent.version = "textversion7";
  consent.reference = "cabinet-drawer-9";
  consent.scopes = std::move(scopes);
  consent.incentive = "voucher-ten";
  consent.granted = kNow;
  return consent;
}

inline NewCustomer new_customer(const std::string& name, const std::string& loyalty,
                                unsigned seed = 1) {
  NewCustomer customer;
  customer.profile = {name, loyalty, {{"shoe-size", "fortythree"}}};
  customer.consent = consent_to();
  customer.templates.push_back(made_up_template(seed));
  return customer;
}

inline Arrival arrival_of(const CustomerId& id, bool with_alert = true, WallTime at = kNow) {
  Arrival arrival;
  arrival.visit.id = VisitId(random_id(12));
  arrival.visit.customer = id;
  arrival.visit.camera = "entrance";
  arrival.visit.start = at;
  arrival.visit.end = at;
  if (!with_alert) return arrival;
  arrival.alert.emplace();
  Alert& alert = arrival.alert->alert;
  alert.at = at;
  alert.expires = at + std::chrono::minutes(10);
  alert.camera = "entrance";
  alert.headline = "Advisor needed: headlinesecret";
  alert.customer.id = id;
  alert.customer.name = "Viewname Secret";
  arrival.alert->escalates = at + std::chrono::seconds(20);
  return arrival;
}

inline bool always(const Customer&) { return true; }

// Closes the alert of a visit as staff do.
inline Status close_visit(Store& store, const VisitId& id, Outcome outcome,
                          const std::string& note) {
  MAITRED_ASSIGN(StoredAlert alert, store.visits().alert(id));
  MAITRED_ASSIGN(Visit visit, store.visits().find(id));
  alert.alert.state = AlertState::kClosed;
  visit.outcome = outcome;
  visit.note = note;
  const auto closed = store.visits().commit_alert_change(alert, visit, kActor);
  return closed ? Status() : Status(tl::unexpected(closed.error()));
}

inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void overwrite(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "maitred-store-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ / "store.db";
    key_.source = {KeyKind::kFile, (folder_ / "store.key").string()};
  }
  ~StoreTest() override { std::filesystem::remove_all(folder_); }

  Store create() { return must(Store::create(path_, key_, kActor)); }
  Store open() { return must(Store::open(path_, key_)); }
  std::string open_code() { return code_of(Store::open(path_, key_)); }

  KeyAccess key_file(const std::string& name) const {
    KeyAccess key;
    key.source = {KeyKind::kFile, (folder_ / name).string()};
    return key;
  }
  // One that is quick to try.
  static KeyAccess passphrase(std::string_view text) {
    KeyAccess key;
    key.source.kind = KeyKind::kPassphrase;
    key.passphrase =
        SecretBytes::copy_of({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    key.cost = {1, 8192 << 10};
    return key;
  }

  // What an attacker with the file but without the key can do. The store must be closed.
  void raw_sql(const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &handle), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK)
        << (error != nullptr ? error : "");
    sqlite3_free(error);
    sqlite3_close(handle);
  }

  std::filesystem::path folder_;
  std::filesystem::path path_;
  KeyAccess key_;
};

}  // namespace maitred
