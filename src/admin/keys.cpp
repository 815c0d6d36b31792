#include "maitred/admin/keys.h"

#include <fmt/format.h>

#include "maitred/shop/desk/key_access.h"

namespace maitred::verbs {
namespace {

// None if no key is named. `own` is the store's, whose folder of credentials it shares.
Result<std::optional<KeyAccess>> access_of(const GivenKey& given, const KeyAccess& own) {
  KeyAccess access;
  access.credentials_folder = own.credentials_folder;
  if (!given.public_key.empty()) {
    access.source = {KeyKind::kPublic, given.public_key};
  } else if (!given.passphrase.empty()) {
    access.source.kind = KeyKind::kPassphrase;
    access.passphrase = SecretBytes::copy_of(
        {reinterpret_cast<const std::uint8_t*>(given.passphrase.data()), given.passphrase.size()});
  } else if (!given.key.empty()) {
    MAITRED_ASSIGN(access.source, KeySource::parse(given.key));
  } else {
    return std::nullopt;
  }
  return std::optional<KeyAccess>(std::move(access));
}

// The same for a key that something new is sealed with: a weak passphrase is refused.
Result<std::optional<KeyAccess>> new_access_of(const GivenKey& given, const KeyAccess& own) {
  MAITRED_ASSIGN(auto key, access_of(given, own));
  if (key && key->source.kind == KeyKind::kPassphrase) {
    MAITRED_TRY(check_new_passphrase(key->passphrase));
  }
  return key;
}

// The core does not know where its caller stands.
Result<std::filesystem::path> absolute_path(const char* field, const std::string& text) {
  std::filesystem::path path(text);
  if (path.is_absolute()) return path;
  return field_must_be(field, "an absolute path");
}

class BackupSteps : public BackupTask {
 public:
  BackupSteps(Shop& shop, WallTime begun, std::unique_ptr<Backup> backup, const BackupArgs& args)
      : shop_(shop), begun_(begun), backup_(std::move(backup)), to_be_fetched_(args.to_be_fetched) {
    answer.backup = args.file;
    if (to_be_fetched_) backup_->leave_in_part();
  }

  Result<bool> step() override {
    MAITRED_ASSIGN(const StepProgress progress, backup_->step());
    done = progress.done;
    total = progress.total;
    if (!progress.finished) return false;
    if (!to_be_fetched_) MAITRED_TRY(shop_.note_backup(begun_));
    answer.bytes = backup_->size_bytes();
    answer.signed_by = backup_->signed_by();
    answer.resumed_bytes = backup_->resumed_bytes();
    if (!backup_->why_restarted().empty()) answer.why_restarted = backup_->why_restarted();
    return true;
  }

 private:
  Shop& shop_;
  const WallTime begun_;
  const std::unique_ptr<Backup> backup_;
  const bool to_be_fetched_;
};

class RotationSteps : public RotationTask {
 public:
  RotationSteps(Shop& shop, Actor actor, bool resumed) : shop_(shop), actor_(std::move(actor)) {
    answer.resumed = resumed;
  }

  Result<bool> step() override {
    constexpr std::size_t kCustomersPerStep = 32;
    MAITRED_ASSIGN(const RotationProgress progress,
                   shop_.store().keys().rotate_some(shop_.key(), kCustomersPerStep, actor_));
    done = progress.done;
    total = progress.total;
    if (!progress.finished) return false;
    answer.epoch = shop_.store().epoch();
    answer.customers = progress.total;
    return true;
  }

 private:
  Shop& shop_;
  const Actor actor_;
};

class RestoreSteps : public RestoreTask {
 public:
  // `shop` is null where no store is open.
  RestoreSteps(Shop* shop, std::unique_ptr<Restore> restore, Actor actor)
      : shop_(shop), restore_(std::move(restore)), actor_(std::move(actor)) {}

  Result<bool> step() override {
    MAITRED_ASSIGN(const StepProgress progress,
                   shop_ != nullptr ? shop_->restore_step(*restore_, actor_) : restore_->step());
    done = progress.done;
    total = progress.total;
    if (!progress.finished) return false;
    answer.report = restore_->report();
    return true;
  }

 private:
  Shop* shop_;
  const std::unique_ptr<Restore> restore_;
  const Actor actor_;
};

Result<RestoreOptions> restore_options(const RestoreArgs& args, const Settings& settings,
                                       KeyAccess own) {
  RestoreOptions options;
  MAITRED_ASSIGN(options.backup, absolute_path("file", args.file));
  MAITRED_ASSIGN(options.backup_key, access_of(args.key, own));
  options.erasures = args.erasures;
  options.replace = args.replace;
  options.signed_by = args.signed_by;
  options.accept_unsigned = args.accept_unsigned;
  options.store = settings.store_path;
  options.store_key = std::move(own);
  return options;
}

}  // namespace

Result<std::unique_ptr<BackupTask>> begin_backup(Shop& shop, const BackupArgs& args,
                                                 const Actor& actor) {
  MAITRED_ASSIGN(const auto target, absolute_path("file", args.file));
  MAITRED_ASSIGN(const auto key, new_access_of(args.key, shop.key()));
  MAITRED_ASSIGN(auto backup, Backup::begin(shop.store(), target, key, actor));
  return std::make_unique<BackupSteps>(shop, actor.at, std::move(backup), args);
}

Result<std::unique_ptr<RotationTask>> begin_rotation(Shop& shop, const KeyRotateArgs& args,
                                                     const Actor& actor) {
  Keys& keys = shop.store().keys();
  const bool resumed = keys.rotating();
  MAITRED_TRY(keys.begin_rotation(shop.key(), args.keep_key, actor));
  return std::make_unique<RotationSteps>(shop, actor, resumed);
}

Result<std::unique_ptr<RestoreTask>> begin_restore(Shop& shop, const RestoreArgs& args,
                                                   const Actor& actor) {
  MAITRED_ASSIGN(RestoreOptions options,
                 restore_options(args, shop.settings(), copy_of(shop.key())));
  MAITRED_ASSIGN(auto restore, shop.begin_restore(std::move(options), actor));
  return std::make_unique<RestoreSteps>(&shop, std::move(restore), actor);
}

Result<std::unique_ptr<RestoreTask>> begin_restore(const Settings& settings, KeyAccess own,
                                                   const RestoreArgs& args, const Actor& actor) {
  MAITRED_ASSIGN(RestoreOptions options, restore_options(args, settings, std::move(own)));
  MAITRED_ASSIGN(auto restore, Restore::begin(std::move(options), nullptr, actor));
  return std::make_unique<RestoreSteps>(nullptr, std::move(restore), actor);
}

Result<BackupFetchedAnswer> backup_fetched(Shop& shop, const BackupFetchedArgs& args,
                                           const Actor& actor) {
  MAITRED_ASSIGN(const auto target, absolute_path("file", args.file));
  MAITRED_TRY(maitred::backup_fetched(shop.store(), target, actor));
  MAITRED_TRY(shop.note_backup(actor.at));
  return BackupFetchedAnswer{};
}

Result<KeySlotsAnswer> key_slots(Shop& shop, const NoArgs&, const Actor&) {
  const Keys& keys = shop.store().keys();
  MAITRED_ASSIGN(const auto slots, keys.slots());
  KeySlotsAnswer answer;
  for (const KeySlot& slot : slots) {
    answer.slots.push_back({slot.number, slot.kind, slot.label, slot.made, slot.in_use});
  }
  answer.rotating = keys.rotating();
  return answer;
}

Result<KeySlotAddAnswer> key_slot_add(Shop& shop, const KeySlotAddArgs& args, const Actor& actor) {
  MAITRED_ASSIGN(const auto key, new_access_of(args.key, shop.key()));
  if (!key || key->source.kind == KeyKind::kPublic) {
    return input_error("bad_usage", "give --file, --credential or --passphrase");
  }
  KeySlotAddAnswer answer;
  MAITRED_ASSIGN(answer.slot, shop.store().keys().add(*key, args.label, actor));
  return answer;
}

Result<KeySlotRemoveAnswer> key_slot_remove(Shop& shop, const KeySlotRemoveArgs& args,
                                            const Actor& actor) {
  MAITRED_TRY(shop.store().keys().remove(args.slot, actor));
  return KeySlotRemoveAnswer{args.slot};
}

std::vector<Verb> key_verbs() {
  using BeginRestore =
      Result<std::unique_ptr<RestoreTask>> (*)(Shop&, const RestoreArgs&, const Actor&);
  return {in_steps<BackupArgs>("backup", begin_backup),
          at_once<BackupFetchedArgs>("backup_fetched", backup_fetched),
          in_steps<RestoreArgs>("restore", BeginRestore(begin_restore)),
          in_steps<KeyRotateArgs>("key_rotate", begin_rotation),
          at_once<NoArgs>("key_slots", key_slots),
          at_once<KeySlotAddArgs>("key_slot_add", key_slot_add),
          at_once<KeySlotRemoveArgs>("key_slot_remove", key_slot_remove)};
}

}  // namespace maitred::verbs
