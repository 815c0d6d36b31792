// consent, forget, receipt, export, retention.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <span>

#include "maitred/admin/consent.h"
#include "maitred/base/file.h"
#include "maitred/base/json.h"
#include "maitred/shop/store/receipt.h"
#include "src/ctl/documents/customer_documents.h"
#include "src/ctl/verbs/customers/customer_text.h"
#include "src/ctl/verbs/verbs.h"

namespace maitred {
namespace {

using nlohmann::json;

struct ConsentOptions {
  std::string id, version, reference, expires, file, output;
  std::string format = "text";
  std::vector<std::string> scopes;
};

std::string consent_text(const json& answer) {
  std::string text = fmt::format("customer    {}\n", answer.value("id", ""));
  const json consent = answer.value("consent", json::object());
  for (const char* key : {"version", "reference", "granted", "expires", "withdrawn", "purpose",
                          "channel", "operator", "incentive", "valid"}) {
    text += fmt::format("{:<12}{}\n", key, cell(consent, key));
  }
  std::string scopes;
  for (const json& scope : consent.value("scopes", json::array())) {
    scopes += (scopes.empty() ? "" : ", ") + scope.get<std::string>();
  }
  text += fmt::format("{:<12}{}\n", "scopes", scopes);
  if (answer.contains("erased_by")) {
    text +=
        fmt::format("Recognition has stopped; everything else goes by {}, or now with forget.\n",
                    cell(answer, "erased_by"));
  }
  for (const json& warning : answer.value("warnings", json::array())) {
    text += fmt::format("Warning: {}\n", warning.get<std::string>());
  }
  return text;
}

// The parser cannot require the id: `consent text` has none.
Status need_id(const std::string& id) {
  if (!id.empty()) return {};
  return input_error("bad_usage", "ID is required; see maitredctl consent --help");
}

Result<Answer> consent_receipt(Session& session, const ConsentOptions& options) {
  MAITRED_TRY(need_id(options.id));
  Answer answer;
  MAITRED_ASSIGN(answer.object,
                 session.ask("consent_receipt", verbs::IdArgs{CustomerId(options.id)}));
  const Document receipt = receipt_document(answer.object);
  return with_document(std::move(answer), receipt, options.format, options.output);
}

Result<Answer> add_text(Session& session, const ConsentOptions& options) {
  MAITRED_ASSIGN(const auto bytes, read_file(options.file, std::size_t{64} << 10));
  Answer answer;
  MAITRED_ASSIGN(answer.object,
                 session.ask("consent_text_add",
                             verbs::TextAddArgs{options.version, {bytes.begin(), bytes.end()}}));
  answer.text = fmt::format("Consent text {} is on record.\n", options.version);
  return answer;
}

Result<Answer> list_texts(Session& session, const ConsentOptions&) {
  Answer answer;
  MAITRED_ASSIGN(answer.object, session.ask("consent_text_list", NoArgs()));
  std::vector<std::vector<std::string>> rows;
  for (const json& text : answer.object["texts"]) {
    rows.push_back({cell(text, "version"), cell(text, "added"), cell(text, "bytes")});
  }
  answer.text = format_table({"VERSION", "ADDED", "BYTES"}, rows);
  return answer;
}

Result<Answer> show_text(Session& session, const ConsentOptions& options) {
  Answer answer;
  MAITRED_ASSIGN(answer.object,
                 session.ask("consent_text_show", verbs::TextShowArgs{options.version}));
  answer.text = shown_text(answer.object.value("text", ""));
  return answer;
}

using ConsentWork = Result<Answer> (*)(Session&, const ConsentOptions&);

// consent ID receipt, consent text add|list|show.
void add_consent_papers(CommandLine& line, CLI::App* consent,
                        const std::shared_ptr<ConsentOptions>& options) {
  const auto add = [&line, options](CLI::App* parent, const char* name, const char* description,
                                    ConsentWork work) {
    CLI::App* verb = parent->add_subcommand(name, description);
    verb->fallthrough();
    verb->callback([&line, options, work] {
      line.run = [&line, options, work] { return work(line.session, *options); };
    });
    return verb;
  };
  CLI::App* receipt =
      add(consent, "receipt", "What the customer agreed to, for them to keep", consent_receipt);
  add_document_options(receipt, options->format, options->output);
  CLI::App* text = consent->add_subcommand("text", "The texts customers agree to");
  text->fallthrough();
  text->require_subcommand(1);
  CLI::App* added = add(text, "add", "Put a text on record", add_text);
  added->add_option("VERSION", options->version, "Its version")->required();
  added->add_option("FILE", options->file, "The text, UTF-8")->required();
  add(text, "list", "List the versions on record", list_texts);
  add(text, "show", "Show one text", show_text)
      ->add_option("VERSION", options->version, "Its version")
      ->required();
}

void add_consent(CommandLine& line) {
  auto options = std::make_shared<ConsentOptions>();
  CLI::App* consent = add_verb(line, "consent", "Show, renew or withdraw a customer's consent");
  consent->add_option("ID", options->id, "Customer id");
  consent->require_subcommand(1);
  add_consent_papers(line, consent, options);
  const auto add = [&](const char* name, const char* description, const char* core_verb,
                       std::function<Result<json>()> args) {
    CLI::App* verb = consent->add_subcommand(name, description);
    verb->fallthrough();
    verb->callback([&line, core_verb, args] {
      line.run = [&line, core_verb, args]() -> Result<Answer> {
        Answer answer;
        MAITRED_ASSIGN(const json what, args());
        MAITRED_TRY(need_id(what.value("id", "")));
        MAITRED_ASSIGN(answer.object, line.session.ask(core_verb, what));
        answer.text = consent_text(answer.object);
        return answer;
      };
    });
    return verb;
  };
  const auto only_id = [options]() -> Result<json> {
    return json_of(verbs::IdArgs{CustomerId(options->id)});
  };
  add("show", "What was agreed to, and when", "consent_show", only_id);
  add("withdraw", "Stop recognising this customer, at once", "consent_withdraw", only_id);
  const auto renewed = [options]() -> Result<json> {
    verbs::ConsentRenewArgs args{
        CustomerId(options->id), options->version, options->reference, {}, {}};
    MAITRED_TRY(read_value("expires", options->expires, args.expires));
    MAITRED_TRY(read_value("scopes", options->scopes, args.scopes));
    return json_of(args);
  };
  CLI::App* renew = add("renew", "A new consent in place of the old", "consent_renew", renewed);
  renew->add_option("--consent-version", options->version,
                    "Version of the text (default: as before; goes with --consent-ref)");
  renew->add_option("--consent-ref", options->reference,
                    "Where the evidence is; needed after a withdrawal");
  renew->add_option("--scope", options->scopes, "Scopes (default: as before)")->delimiter(',');
  renew->add_option("--expires", options->expires, "Date it ends (default: never)");
}

struct FileOptions {
  std::string id, file;
  bool yes = false;
};

// Asks only a person at a terminal. Scripts, --json and --quiet go on without.
bool confirmed(const GlobalOptions& global, const std::string& question) {
  if (global.json || global.quiet || ::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0) {
    return true;
  }
  fmt::print("{} Type yes to go on: ", question);
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "yes";
}

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

Status write_receipt(const json& receipt, const std::string& file) {
  const std::string text = json_text(receipt) + "\n";
  return write_file(file, bytes_of(text));
}

Result<Answer> forget(Session& session, const FileOptions& options) {
  Answer answer;
  if (!options.yes &&
      !confirmed(session.options(),
                 fmt::format("Everything held on customer {} will be erased for good, in backups "
                             "too.",
                             shown_text(options.id)))) {
    return clean_no("not_confirmed", "nothing was erased");
  }
  MAITRED_ASSIGN(answer.object, session.ask("forget", verbs::IdArgs{CustomerId(options.id)}));
  answer.text = fmt::format("Erased {}: {} rows, and their key.\n", options.id,
                            answer.object["receipt"].value("rows", "?"));
  if (!options.file.empty()) {
    MAITRED_TRY(write_receipt(answer.object["receipt"], options.file));
    answer.text += fmt::format("The signed receipt is in {}.\n", options.file);
  }
  return answer;
}

Result<Answer> issue_receipt(Session& session, const FileOptions& options) {
  Answer answer;
  MAITRED_ASSIGN(answer.object, session.ask("receipt", verbs::IdArgs{CustomerId(options.id)}));
  answer.text = json_text(answer.object["receipt"]) + "\n";
  if (options.file.empty()) return answer;
  MAITRED_TRY(write_receipt(answer.object["receipt"], options.file));
  answer.text = fmt::format("The signed receipt is in {}.\n", options.file);
  return answer;
}

Result<Answer> verify_receipt_file(const FileOptions& options) {
  MAITRED_ASSIGN(const auto bytes, read_file(options.file, std::size_t{64} << 10));
  const std::string text(bytes.begin(), bytes.end());
  MAITRED_ASSIGN(const Receipt receipt, verify_receipt(text));
  Answer answer;
  answer.object = {{"valid", true},
                   {"customer", receipt.customer},
                   {"erased_at", receipt.erased_at},
                   {"store", receipt.store}};
  answer.text = fmt::format("Good: customer {} was erased from store {} at {}.\n", receipt.customer,
                            receipt.store, receipt.erased_at);
  return answer;
}

void add_files(CommandLine& line) {
  auto options = std::make_shared<FileOptions>();
  CLI::App* forget_verb = add_verb(line, "forget", "Erase everything held on a customer");
  forget_verb->add_option("ID", options->id, "Customer id")->required();
  forget_verb->add_option("--receipt", options->file, "Write the signed receipt here");
  forget_verb->add_flag("--yes", options->yes, "Do not ask for confirmation");
  forget_verb->callback(
      [&line, options] { line.run = [&line, options] { return forget(line.session, *options); }; });
  CLI::App* receipt = add_verb(line, "receipt", "Receipts of erasure");
  receipt->require_subcommand(1);
  CLI::App* verify = receipt->add_subcommand("verify", "Check a receipt's signature");
  verify->fallthrough();
  verify->add_option("FILE", options->file, "The receipt")->required();
  verify->callback(
      [&line, options] { line.run = [options] { return verify_receipt_file(*options); }; });
  CLI::App* issue = receipt->add_subcommand(
      "issue", "Issue the signed receipt of an earlier erasure, for example by retention");
  issue->fallthrough();
  issue->add_option("ID", options->id, "Id of the erased customer")->required();
  issue->add_option("--receipt", options->file, "Write it here");
  issue->callback([&line, options] {
    line.run = [&line, options] { return issue_receipt(line.session, *options); };
  });
}

// Writes one file for each erasure.
Status write_receipts(const json& receipts, const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  for (const json& receipt : receipts) {
    const std::string name = receipt.value("customer", "") + ".json";
    MAITRED_TRY(write_receipt(receipt, (folder / name).string()));
  }
  return {};
}

void add_retention(CommandLine& line) {
  CLI::App* retention = add_verb(line, "retention", "Data that is due to be erased");
  retention->require_subcommand(1);
  CLI::App* run =
      retention->add_subcommand("run", "Erase customers whose consent or retention time has ended");
  run->fallthrough();
  auto folder = std::make_shared<std::string>();
  run->add_option("--receipts", *folder,
                  "Write the signed receipts into this folder, ID.json each");
  run->callback([&line, folder] {
    line.run = [&line, folder]() -> Result<Answer> {
      Answer answer;
      MAITRED_ASSIGN(answer.object, line.session.ask("retention", NoArgs()));
      answer.text = fmt::format("Erased {} customer(s).\n", answer.object["erased"].size());
      if (folder->empty()) return answer;
      MAITRED_TRY(write_receipts(answer.object["receipts"], *folder));
      answer.text += fmt::format("The signed receipts are in {}.\n", *folder);
      return answer;
    };
  });
}

}  // namespace

void add_erasure_verbs(CommandLine& line) {
  add_consent(line);
  add_files(line);
  add_retention(line);
}

}  // namespace maitred
