// Keys, backup, restore: what keeps a store readable for its owner and for nobody else.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "maitred/admin/admin.h"
#include "maitred/admin/admin_fields.h"
#include "maitred/admin/views.h"
#include "maitred/shop/desk/key_access.h"

namespace maitred {

using nlohmann::json;

namespace {

// "key" ("file:PATH", "credential:NAME"), "public_key" (base64) or "passphrase"; none when none of
// them is given.
Result<std::optional<KeyAccess>> given_key(const json& args, const KeyAccess& own) {
  MAITRED_ASSIGN(const std::string source, text_field(args, "key"));
  MAITRED_ASSIGN(const std::string passphrase, text_field(args, "passphrase"));
  MAITRED_ASSIGN(const std::string public_key, text_field(args, "public_key"));
  KeyAccess access;
  access.credentials_folder = own.credentials_folder;
  if (!public_key.empty()) {
    access.source = {KeyKind::kPublic, public_key};
    return std::optional<KeyAccess>(std::move(access));
  }
  if (source.empty() && passphrase.empty()) return std::nullopt;
  if (passphrase.empty()) {
    MAITRED_ASSIGN(access.source, KeySource::parse(source));
  } else {
    access.source.kind = KeyKind::kPassphrase;
    access.passphrase = SecretBytes::copy_of(
        {reinterpret_cast<const std::uint8_t*>(passphrase.data()), passphrase.size()});
  }
  return std::optional<KeyAccess>(std::move(access));
}

// For what is to be made with it.
Result<std::optional<KeyAccess>> new_key(const json& args, const KeyAccess& own) {
  MAITRED_ASSIGN(auto key, given_key(args, own));
  if (key && key->source.kind == KeyKind::kPassphrase) {
    MAITRED_TRY(check_new_passphrase(key->passphrase));
  }
  return key;
}

Result<std::filesystem::path> path_field(const json& args, const char* key) {
  MAITRED_ASSIGN(const std::string text, needed_text(args, key));
  const std::filesystem::path path(text);
  if (path.is_absolute()) return path;
  return input_error("bad_usage", fmt::format("'{}' must be an absolute path", key));
}

}  // namespace

Result<std::unique_ptr<AdminTask>> Admin::begin(std::string_view verb, const json& args,
                                                const Actor& actor) {
  try {
    if (verb == "retention") return begin_retention(shop_, actor);
    if (verb == "key_rotate") return begin_rotation(shop_, args.value("keep_key", false), actor);
    if (verb == "backup") {
      MAITRED_ASSIGN(const auto target, path_field(args, "file"));
      MAITRED_ASSIGN(const auto key, new_key(args, shop_.key()));
      return begin_backup(shop_, {target, args.value("to_be_fetched", false)}, key, actor);
    }
  } catch (const json::exception&) {
    return input_error("bad_usage", fmt::format("a field of '{}' has the wrong type", verb));
  }
  return std::unique_ptr<AdminTask>();
}

Result<json> Admin::run_to_end(std::string_view verb, const json& args, const Actor& actor,
                               const Progress& progress) {
  MAITRED_ASSIGN(const auto task, begin(verb, args, actor));
  if (!task) return run(verb, args, actor);
  for (;;) {
    MAITRED_ASSIGN(const auto answer, task->step());
    if (answer) return std::move(*answer);
    if (progress) progress(task->done, task->total);
  }
}

Result<RestoreOptions> read_restore(const json& args, const Settings& settings, KeyAccess own) {
  RestoreOptions options;
  MAITRED_ASSIGN(options.backup, path_field(args, "file"));
  MAITRED_ASSIGN(options.backup_key, given_key(args, own));
  MAITRED_ASSIGN(options.erasures, text_field(args, "erasures"));
  options.replace = args.value("replace", false);
  options.store = settings.store_path;
  options.store_key = std::move(own);
  return options;
}

json restore_json(const RestoreReport& report) {
  return {{"restored", true},
          {"store", report.store},
          {"made", format_time(report.made)},
          {"customers", report.customers},
          {"erasures_replayed", report.erased},
          {"withdrawals_replayed", report.withdrawn},
          {"staff_revoked", report.staff},
          {"key_slots_removed", report.slots},
          {"replaced", report.replaced},
          {"erasures_known", report.erasures_known}};
}

Result<json> Admin::restore(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const RestoreOptions options,
                 read_restore(args, shop_.settings(), copy_of(shop_.key())));
  MAITRED_ASSIGN(const RestoreReport report, shop_.restore(options, actor));
  return restore_json(report);
}

Result<json> Admin::backup_fetched(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const auto target, path_field(args, "file"));
  MAITRED_TRY(maitred::backup_fetched(shop_.store(), target, actor));
  MAITRED_TRY(shop_.note_backup(actor.at));
  return json{{"fetched", true}};
}

Result<json> Admin::key_slots(const json&, const Actor&) {
  MAITRED_ASSIGN(const auto slots, shop_.store().keys().slots());
  json list = json::array();
  for (const KeySlot& slot : slots) {
    list.push_back({{"slot", slot.number},
                    {"kind", slot.kind},
                    {"label", slot.label},
                    {"made", time_or_null(slot.made)},
                    {"in_use", slot.in_use}});
  }
  return json{{"slots", std::move(list)}, {"rotating", shop_.store().keys().rotating()}};
}

Result<json> Admin::key_slot_add(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const auto key, new_key(args, shop_.key()));
  MAITRED_ASSIGN(const std::string label, text_field(args, "label"));
  if (!key || key->source.kind == KeyKind::kPublic)
    return input_error("bad_usage", "give --file, --credential or --passphrase");
  MAITRED_ASSIGN(const std::int64_t number, shop_.store().keys().add(*key, label, actor));
  return json{{"slot", number}};
}

Result<json> Admin::key_slot_remove(const json& args, const Actor& actor) {
  const auto number = args.at("slot").get<std::int64_t>();
  MAITRED_TRY(shop_.store().keys().remove(number, actor));
  return json{{"slot", number}, {"removed", true}};
}

}  // namespace maitred
