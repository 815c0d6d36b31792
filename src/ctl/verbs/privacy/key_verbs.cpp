// backup, restore, key rotate, key slot.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>

#include "fetch_backup.h"
#include "maitred/admin/keys.h"
#include "maitred/base/file.h"
#include "maitred/base/json.h"
#include "maitred/shop/store/backup.h"
#include "src/ctl/verbs/customers/customer_text.h"
#include "src/ctl/verbs/verbs.h"

namespace maitred {
namespace {

using nlohmann::json;

struct KeyOptions {
  std::string file, key, to_key, credential, label, erasures, signed_by;
  std::int64_t slot = 0;
  bool passphrase = false;
  bool keep_key = false;
  bool replace = false;
  bool accept_unsigned = false;
};
using KeyChoices = std::shared_ptr<KeyOptions>;

std::string absolute(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::absolute(path, ignored).lexically_normal().string();
}

std::string text_of(const SecretBytes& secret) {
  return {reinterpret_cast<const char*>(secret.data()), secret.size()};
}

// Adds "key" or "passphrase" to the arguments if an option asks for one. A set `variable`, which
// names a file with the passphrase, asks for it too.
Status add_secret(json& args, const KeyOptions& options, const char* variable,
                  std::string_view prompt, bool confirm) {
  const char* file = std::getenv(variable);
  if (!options.key.empty()) args["key"] = "file:" + absolute(options.key);
  if (!options.credential.empty()) args["key"] = "credential:" + options.credential;
  if (args.contains("key") || (!options.passphrase && file == nullptr)) return {};
  MAITRED_ASSIGN(const SecretBytes passphrase, read_passphrase({file, variable, prompt, confirm}));
  args["passphrase"] = text_of(passphrase);
  return {};
}

constexpr std::string_view kPublicKeyWord = "maitred-public-key";

// Accepts only a file that `key pair` wrote.
Result<std::string> read_public_key(const std::string& file) {
  MAITRED_ASSIGN(const auto bytes, read_file(file, 4096));
  std::istringstream words(std::string(bytes.begin(), bytes.end()));
  std::string word, key, more;
  words >> word >> key >> more;
  if (word == kPublicKeyWord && !key.empty() && more.empty()) return key;
  return input_error("public_key_invalid",
                     fmt::format("{} is not a public key: give the .pub file that maitredctl key "
                                 "pair wrote",
                                 file));
}

constexpr const char* kBackupVariable = "MAITRED_BACKUP_PASSPHRASE_FILE";

std::filesystem::path beside(const std::filesystem::path& file, const char* tail) {
  return file.string() + tail;
}

// Has the daemon write the backup into the store's folder and copies it from there. Both steps
// continue after an interruption. If a customer is erased meanwhile, the backup is taken again: it
// must not contain them.
Result<json> backup_by_fetching(Session& session, json args, const std::filesystem::path& staged,
                                const std::filesystem::path& file) {
  args["file"] = staged.string();
  args["to_be_fetched"] = true;
  const std::filesystem::path part = beside(file, ".part");
  constexpr int kTries = 3;
  for (int turn = 1;; ++turn) {
    MAITRED_ASSIGN(json done, session.ask("backup", args));
    {
      ProgressBar bar("copying", session.options().quiet);
      MAITRED_TRY(fetch_part(beside(staged, ".part"), part,
                             [&bar](auto copied, auto size) { bar.show(copied, size); }));
    }
    const auto taken = session.ask("backup_fetched", {{"file", staged.string()}});
    std::error_code failed;
    if (!taken && taken.error().code == "backup_outdated") {
      std::filesystem::remove(part, failed);
      if (turn < kTries) continue;
    }
    MAITRED_TRY(taken);
    std::filesystem::rename(part, file, failed);
    if (failed) {
      return environment_error("backup_failed",
                               fmt::format("cannot make {}: {}", file.string(), failed.message()));
    }
    const UniqueFd folder(::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder) static_cast<void>(::fsync(folder.get()));
    done["backup"] = file.string();
    return done;
  }
}

// A daemon under systemd has a /tmp of its own, no home, and may write to few folders. A backup to
// any other place is written into the store's folder first.
Result<json> backup_into(Session& session, const json& args, const std::string& file) {
  MAITRED_ASSIGN(const Settings* settings, session.settings());
  std::error_code ignored;
  const std::filesystem::path staged =
      fmt::format("{}.backup-{}", settings->store_path.string(), fingerprint(file).substr(0, 8));
  if (std::filesystem::exists(beside(staged, ".part"), ignored)) {
    return backup_by_fetching(session, args, staged, file);
  }
  const auto stamp = [&file] {
    std::error_code absent;
    return std::filesystem::last_write_time(file, absent);
  };
  const auto before = stamp();
  auto done = session.ask("backup", args);
  const bool there = std::filesystem::exists(file, ignored) && stamp() != before;
  if (done && there) return done;
  const bool unreachable =
      done || done.error().code == "backup_failed" || done.error().code == "backup_target";
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  if (!unreachable || !std::filesystem::is_directory(folder, ignored) ||
      std::filesystem::is_directory(file, ignored) ||
      std::filesystem::equivalent(folder, settings->store_path.parent_path(), ignored)) {
    return done;
  }
  auto fetched = backup_by_fetching(session, args, staged, file);
  return fetched || done ? fetched : done;
}

struct SealedFor {
  std::string_view word, text;
};

SealedFor sealed_for(const json& args) {
  if (args.contains("public_key")) {
    return {"public_key", "to the public key: only its secret half restores it"};
  }
  if (args.contains("key")) return {"key", "with the key file given"};
  if (args.contains("passphrase")) return {"passphrase", "with the passphrase"};
  return {"store", "with the keys of the store: keep a copy of the key in another place"};
}

Result<Answer> backup(Session& session, const KeyOptions& options) {
  json args = {{"file", absolute(options.file)}};
  if (options.to_key.empty()) {
    MAITRED_TRY(add_secret(args, options, kBackupVariable, "Passphrase of the backup: ", true));
  } else {
    MAITRED_ASSIGN(args["public_key"], read_public_key(options.to_key));
  }
  const SealedFor sealed = sealed_for(args);
  Answer answer;
  MAITRED_ASSIGN(answer.object, backup_into(session, args, absolute(options.file)));
  answer.object["sealed_for"] = sealed.word;
  answer.text = fmt::format("Wrote and verified {}: {} bytes, sealed {}.\n",
                            answer.object.value("backup", ""),
                            answer.object.value("bytes", std::uint64_t{0}), sealed.text);
  answer.text += fmt::format(
      "Its signature is {}. Keep that with the key: on a new box, restore may ask for it.\n",
      answer.object.value("signed_by", ""));
  if (const auto resumed = answer.object.value("resumed_bytes", std::uint64_t{0}); resumed > 0) {
    answer.text += fmt::format("It continued after {} bytes of an earlier attempt.\n", resumed);
  }
  if (const std::string why = answer.object.value("begun_anew", ""); !why.empty()) {
    answer.text += fmt::format("{}.part could not be continued: {}.\n", options.file, why);
  }
  return answer;
}

// Without a daemon there may be no store to open first.
Result<json> restore_store(const Settings& settings, std::string_view, const json& args,
                           const RestoreProgress& progress) {
  MAITRED_ASSIGN(KeyAccess key, key_access(settings.store_key, key_surroundings()));
  MAITRED_ASSIGN(const auto wanted, read_fields<verbs::RestoreArgs>(args));
  MAITRED_ASSIGN(const auto task,
                 verbs::begin_restore(settings, std::move(key), wanted, this_actor()));
  MAITRED_TRY(finish(*task, progress));
  return task->answer_json();
}

// What the backup held of another box.
std::string dropped_text(const json& done) {
  const json staff = done.value("staff_dropped", json::array());
  const json slots = done.value("key_slots_dropped", json::array());
  if (staff.empty() && slots.empty()) return "";
  std::vector<std::string> names;
  for (const json& name : staff) names.push_back(shown_text(name.get<std::string>()));
  std::string text = fmt::format(
      "Dropped what was not this box's: {} key slots and {} staff tokens{}{}. Give such a terminal "
      "a\nnew token with staff add.\n",
      slots.size(), names.size(), names.empty() ? "" : ": ", fmt::join(names, ", "));
  return text;
}

Result<Answer> restore(Session& session, const KeyOptions& options) {
  json args = {{"file", absolute(options.file)},
               {"replace", options.replace},
               {"accept_unsigned", options.accept_unsigned}};
  if (!options.signed_by.empty()) args["signed_by"] = options.signed_by;
  if (!options.erasures.empty()) args["erasures"] = absolute(options.erasures);
  MAITRED_TRY(add_secret(args, options, kBackupVariable, "Passphrase of the backup: ", false));
  Answer answer;
  MAITRED_ASSIGN(answer.object, session.ask("restore", args, restore_store));
  const json& done = answer.object;
  answer.text = fmt::format(
      "Restored store {} as of {}: {} customers. Replayed since then: {} erasures, {} "
      "withdrawals,\n"
      "{} revoked staff tokens, {} removed key slots. Everything else is as it was then: later\n"
      "visits and notes are lost. The store has new keys; its key file is as it was.\n",
      done.value("store", ""), done.value("made", ""), done.value("customers", 0),
      done.value("erasures_replayed", 0), done.value("withdrawals_replayed", 0),
      done.value("staff_revoked", 0), done.value("key_slots_removed", 0));
  answer.text += dropped_text(done);
  if (!done.value("erasures_known", false)) {
    answer.text +=
        "No list of erasures was found: if customers were forgotten or withdrew after that time, "
        "or\n"
        "staff tokens or key slots were taken away, do it again now, or restore with --erasures "
        "and\n"
        "a copy of STORE.erasures.\n";
  }
  return answer;
}

// Works without a store: the secret half belongs on another machine.
Result<Answer> make_pair(Session&, const KeyOptions& options) {
  KeyAccess access;
  access.source = {KeyKind::kFile, absolute(options.file)};
  MAITRED_ASSIGN(const std::string key, provide_key_pair(access));
  const std::string text = fmt::format("{} {}\n", kPublicKeyWord, key);
  const std::string target = access.source.where + ".pub";
  MAITRED_TRY(
      write_file(target, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, 0644));
  Answer answer;
  answer.object = {{"secret", access.source.where}, {"public", target}, {"public_key", key}};
  answer.text = fmt::format(
      "The secret key is in {}, the public one in {}.\n"
      "Copy the public one to the box, for backup --to-key, and keep the secret one elsewhere.\n",
      access.source.where, target);
  return answer;
}

Result<Answer> rotate(Session& session, const KeyOptions& options) {
  Answer answer;
  MAITRED_ASSIGN(answer.object, session.ask("key_rotate", {{"keep_key", options.keep_key}}));
  answer.text = fmt::format(
      "Rotated: new keys for the store and {} customers{}.\n"
      "Backups made until now open with the old key only: make a new one, and a copy of the key. "
      "Other\nkeys of the store vouch for backups again once they have opened it; until then, a "
      "new box needs\nthe signature that backup prints.\n",
      answer.object.value("customers", 0),
      answer.object.value("resumed", false) ? ", continuing an interrupted rotation" : "");
  return answer;
}

Result<Answer> add_slot(Session& session, const KeyOptions& options) {
  json args = {{"label", options.label}};
  MAITRED_TRY(add_secret(args, options, "MAITRED_NEW_PASSPHRASE_FILE", "New passphrase: ", true));
  Answer answer;
  MAITRED_ASSIGN(answer.object, session.ask("key_slot_add", args));
  answer.text =
      fmt::format("Slot {} opens the store from now on.\n", answer.object.value("slot", 0));
  return answer;
}

Result<Answer> remove_slot(Session& session, const KeyOptions& options) {
  Answer answer;
  MAITRED_ASSIGN(answer.object, session.ask("key_slot_remove", {{"slot", options.slot}}));
  answer.text = fmt::format(
      "Slot {} is gone: its key does not open the store. Who has that key and an earlier copy of "
      "the\nstore or a backup still knows the root key: run maitredctl key rotate to shut them "
      "out.\n",
      options.slot);
  return answer;
}

Result<Answer> list_slots(Session& session, const KeyOptions&) {
  Answer answer;
  MAITRED_ASSIGN(answer.object, session.ask("key_slots", json::object()));
  std::vector<std::vector<std::string>> rows;
  for (const json& slot : answer.object["slots"]) {
    rows.push_back({cell(slot, "slot"), cell(slot, "kind"), cell(slot, "made"),
                    slot.value("in_use", false) ? "in use" : "", cell(slot, "label")});
  }
  answer.text = format_table({"SLOT", "KIND", "MADE", "", "LABEL"}, rows);
  return answer;
}

using Work = Result<Answer> (*)(Session&, const KeyOptions&);

void runs(CommandLine& line, CLI::App* verb, const KeyChoices& options, Work work) {
  verb->callback([&line, options, work] {
    line.run = [&line, options, work] { return work(line.session, *options); };
  });
}

CLI::App* add_sub(CLI::App* verb, const char* name, const char* description) {
  CLI::App* sub = verb->add_subcommand(name, description);
  sub->fallthrough();
  return sub;
}

void add_backup(CommandLine& line, const KeyChoices& options) {
  CLI::App* verb =
      add_verb(line, "backup",
               "Write a sealed copy of the store, also while it is used. Interrupted, and given "
               "again with the same key, it goes on with FILE.part, unless the store has changed");
  verb->add_option("FILE", options->file, "The backup")->required();
  verb->add_flag("--passphrase", options->passphrase,
                 "Seal it with a passphrase instead of the store's keys; asked for, or the first "
                 "line of the file that $MAITRED_BACKUP_PASSPHRASE_FILE names");
  verb->add_option("--key", options->key, "Seal it with this key file; made if it is missing");
  verb->add_option("--to-key", options->to_key,
                   "Seal it to this public key (key pair): the box itself cannot open it, only who "
                   "has the secret key, with restore --key")
      ->excludes("--key")
      ->excludes("--passphrase");
  runs(line, verb, options, backup);

  CLI::App* back = add_verb(line, "restore", "Replace the store by a backup");
  back->add_option("FILE", options->file, "The backup")->required();
  back->add_flag("--passphrase", options->passphrase, "It was sealed with a passphrase");
  back->add_option("--key", options->key, "It was sealed with this key file");
  back->add_option("--erasures", options->erasures,
                   "A list of erasures that was kept (STORE.erasures), when the disk was lost");
  back->add_flag("--replace", options->replace,
                 "Replace the store even if the backup is of another one");
  CLI::Option* signature = back->add_option(
      "--signed-by", options->signed_by,
      "The signature that backup printed: for a backup that nothing on this box vouches for");
  back->add_flag("--accept-unsigned", options->accept_unsigned,
                 "Take the backup whoever made it, and only the key and staff tokens of this box")
      ->excludes(signature);
  runs(line, back, options, restore);
}

void add_key(CommandLine& line, const KeyChoices& options) {
  CLI::App* key = add_verb(line, "key", "Keys that open the store");
  key->require_subcommand(1);
  CLI::App* rotation = add_sub(key, "rotate", "New keys for the store and every customer");
  rotation->add_flag("--keep-key", options->keep_key, "Leave the key file as it is");
  runs(line, rotation, options, rotate);
  CLI::App* pair = add_sub(key, "pair", "A key file and its public half, FILE.pub, for backups");
  pair->add_option("FILE", options->file, "The secret key; made if it is missing")->required();
  runs(line, pair, options, make_pair);
  CLI::App* slot = add_sub(key, "slot", "Several keys for one store");
  slot->require_subcommand(1);
  runs(line, add_sub(slot, "list", "List the keys that open the store"), options, list_slots);
  CLI::App* add = add_sub(slot, "add", "Add a key that opens the store");
  add->add_option("--file", options->key, "A key file; made if it is missing");
  add->add_option("--credential", options->credential, "A systemd credential");
  add->add_flag("--passphrase", options->passphrase,
                "A passphrase (Argon2id); asked for, or the first line of the file that "
                "$MAITRED_NEW_PASSPHRASE_FILE names");
  add->add_option("--label", options->label, "Label of the key; not secret");
  runs(line, add, options, add_slot);
  CLI::App* remove = add_sub(slot, "remove", "Remove a key: it no longer opens the store");
  remove->add_option("SLOT", options->slot, "Its number")->required();
  runs(line, remove, options, remove_slot);
}

}  // namespace

void add_key_verbs(CommandLine& line) {
  auto options = std::make_shared<KeyOptions>();
  add_backup(line, options);
  add_key(line, options);
}

}  // namespace maitred
