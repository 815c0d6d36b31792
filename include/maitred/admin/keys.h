// Verbs: keys, backup and restore, which keep a store readable for its owner and for nobody else.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "maitred/admin/verb.h"
#include "maitred/shop/desk/shop.h"

namespace maitred::verbs {

// A key that is named in the arguments; all empty for none.
struct GivenKey {
  std::string key;         // file:PATH or credential:NAME
  std::string passphrase;  // itself
  std::string public_key;  // base64

  static void describe(auto& fields, auto& it) {
    fields.optional("key", it.key);
    fields.optional("passphrase", it.passphrase);
    fields.optional("public_key", it.public_key);
  }
};

struct BackupArgs {
  std::string file;            // absolute
  GivenKey key;                // none: sealed for the keys of the store
  bool to_be_fetched = false;  // stays in FILE.part until backup_fetched

  static void describe(auto& fields, auto& it) {
    fields.needed("file", it.file);
    GivenKey::describe(fields, it.key);
    fields.optional("to_be_fetched", it.to_be_fetched);
  }
};

struct BackupAnswer {
  std::string backup;
  std::uint64_t bytes = 0;
  bool verified = true;
  std::uint64_t resumed_bytes = 0;
  std::optional<std::string> why_restarted;  // why the part of an earlier backup was not used
  std::string signed_by;                     // fingerprint of the store's signature

  static void describe(auto& fields, auto& it) {
    fields.needed("backup", it.backup);
    fields.needed("bytes", it.bytes);
    fields.needed("verified", it.verified);
    fields.needed("resumed_bytes", it.resumed_bytes);
    fields.if_any("begun_anew", it.why_restarted);
    fields.needed("signed_by", it.signed_by);
  }
};

struct BackupFetchedArgs {
  std::string file;  // as `backup` was asked for

  static void describe(auto& fields, auto& it) { fields.needed("file", it.file); }
};

struct BackupFetchedAnswer {
  bool fetched = true;

  static void describe(auto& fields, auto& it) { fields.needed("fetched", it.fetched); }
};

struct RestoreArgs {
  std::string file;              // absolute
  GivenKey key;                  // none: the store's own
  std::string erasures;          // a kept list of erasures; may be empty
  bool replace = false;          // a store of another id may be replaced
  std::string signed_by;         // the fingerprint that `backup` answered with
  bool accept_unsigned = false;  // take it whoever made it

  static void describe(auto& fields, auto& it) {
    fields.needed("file", it.file);
    GivenKey::describe(fields, it.key);
    fields.optional("erasures", it.erasures);
    fields.optional("replace", it.replace);
    fields.optional("signed_by", it.signed_by);
    fields.optional("accept_unsigned", it.accept_unsigned);
  }
};

struct RestoreAnswer {
  RestoreReport report;

  static void describe(auto& fields, auto& it) {
    fields.needed("restored", true);
    fields.needed("store", it.report.store);
    fields.needed("made", it.report.made);
    fields.needed("customers", it.report.customers);
    fields.needed("erasures_replayed", it.report.erased);
    fields.needed("withdrawals_replayed", it.report.withdrawn);
    fields.needed("staff_revoked", it.report.staff);
    fields.needed("key_slots_removed", it.report.slots);
    fields.needed("replaced", it.report.replaced);
    fields.needed("erasures_known", it.report.erasures_known);
    fields.needed("staff_dropped", it.report.foreign_staff);
    fields.needed("key_slots_dropped", it.report.foreign_slots);
  }
};

struct KeyRotateArgs {
  bool keep_key = false;  // the key file stays as it is

  static void describe(auto& fields, auto& it) { fields.optional("keep_key", it.keep_key); }
};

struct KeyRotateAnswer {
  bool rotated = true;
  std::uint64_t epoch = 0;
  std::uint64_t customers = 0;
  bool resumed = false;

  static void describe(auto& fields, auto& it) {
    fields.needed("rotated", it.rotated);
    fields.needed("epoch", it.epoch);
    fields.needed("customers", it.customers);
    fields.needed("resumed", it.resumed);
  }
};

struct KeySlotsAnswer {
  struct Row {
    std::int64_t slot = 0;
    std::string kind, label;
    std::optional<WallTime> made;
    bool in_use = false;

    static void describe(auto& fields, auto& it) {
      fields.needed("slot", it.slot);
      fields.needed("kind", it.kind);
      fields.needed("label", it.label);
      fields.needed("made", it.made);
      fields.needed("in_use", it.in_use);
    }
  };
  std::vector<Row> slots;
  bool rotating = false;

  static void describe(auto& fields, auto& it) {
    fields.needed("slots", it.slots);
    fields.needed("rotating", it.rotating);
  }
};

struct KeySlotAddArgs {
  GivenKey key;
  std::string label;

  static void describe(auto& fields, auto& it) {
    GivenKey::describe(fields, it.key);
    fields.optional("label", it.label);
  }
};

struct KeySlotAddAnswer {
  std::int64_t slot = 0;

  static void describe(auto& fields, auto& it) { fields.needed("slot", it.slot); }
};

struct KeySlotRemoveArgs {
  std::int64_t slot = 0;

  static void describe(auto& fields, auto& it) { fields.needed("slot", it.slot); }
};

struct KeySlotRemoveAnswer {
  std::int64_t slot = 0;
  bool removed = true;

  static void describe(auto& fields, auto& it) {
    fields.needed("slot", it.slot);
    fields.needed("removed", it.removed);
  }
};

using BackupTask = TaskOf<BackupAnswer>;
using RotationTask = TaskOf<KeyRotateAnswer>;
using RestoreTask = TaskOf<RestoreAnswer>;

// Errors of the tasks: those of their first step.
Result<std::unique_ptr<BackupTask>> begin_backup(Shop& shop, const BackupArgs& args,
                                                 const Actor& actor);
Result<std::unique_ptr<RotationTask>> begin_rotation(Shop& shop, const KeyRotateArgs& args,
                                                     const Actor& actor);
Result<std::unique_ptr<RestoreTask>> begin_restore(Shop& shop, const RestoreArgs& args,
                                                   const Actor& actor);
// Where no store is open: there may be none. `own` is the store's key.
Result<std::unique_ptr<RestoreTask>> begin_restore(const Settings& settings, KeyAccess own,
                                                   const RestoreArgs& args, const Actor& actor);

// Error: backup_outdated (kEnvironment).
Result<BackupFetchedAnswer> backup_fetched(Shop& shop, const BackupFetchedArgs& args,
                                           const Actor& actor);
Result<KeySlotsAnswer> key_slots(Shop& shop, const NoArgs& args, const Actor& actor);
Result<KeySlotAddAnswer> key_slot_add(Shop& shop, const KeySlotAddArgs& args, const Actor& actor);
Result<KeySlotRemoveAnswer> key_slot_remove(Shop& shop, const KeySlotRemoveArgs& args,
                                            const Actor& actor);

std::vector<Verb> key_verbs();

}  // namespace maitred::verbs
