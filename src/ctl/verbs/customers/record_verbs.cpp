// visits, alerts, feedback, audit, status.
#include <fmt/format.h>

#include <memory>

#include "customer_text.h"
#include "maitred/admin/enrolment.h"
#include "maitred/admin/records.h"
#include "maitred/shop/store/store.h"
#include "src/ctl/verbs/verbs.h"

namespace maitred {
namespace {

using nlohmann::json;

struct QueryOptions {
  std::string since, id, visit, comment;
  bool open = false;
  int rating = 0;
  std::size_t limit = 0;
};
using Options = std::shared_ptr<QueryOptions>;

// Sets up a verb that asks the core and prints the answer.
using MakeArgs = std::function<Result<json>(const QueryOptions&)>;
using MakeText = std::string (*)(const json&);

void run_query(CommandLine& line, CLI::App* verb, const Options& options, std::string core_verb,
               MakeArgs make_args, MakeText text) {
  verb->callback([&line, options, core_verb, make_args, text] {
    line.run = [&line, options, core_verb, make_args, text]() -> Result<Answer> {
      Answer answer;
      MAITRED_ASSIGN(const json args, make_args(*options));
      MAITRED_ASSIGN(answer.object, line.session.ask(core_verb, args));
      answer.text = text(answer.object);
      return answer;
    };
  });
}

// Works on the store itself: no daemon starts on such a store.
Result<Answer> accept_store(Session& session) {
  MAITRED_ASSIGN(const Settings* settings, session.settings());
  MAITRED_ASSIGN(const KeyAccess key, key_access(settings->store_key, key_surroundings()));
  OpenOptions options;
  options.accept_older = true;
  options.actor = this_actor();
  MAITRED_ASSIGN(const Store store, Store::open(settings->store_path, key, options));
  MAITRED_ASSIGN(const std::uint64_t customers, store.customers().count());
  Answer answer;
  answer.object = {{"accepted", true}, {"customers", customers}};
  answer.text = fmt::format(
      "The store is accepted: {} customers. Erasures and withdrawals on record stay in force.\n",
      customers);
  return answer;
}

void add_audit(CommandLine& line, const Options& options) {
  CLI::App* audit = add_verb(line, "audit", "What was done, when, by whom");
  audit->add_option("--limit", options->limit, "Only the newest rows, up to this number");
  CLI::App* verify = audit->add_subcommand("verify", "Check the whole chain and every sealed row");
  verify->fallthrough();
  CLI::App* accept = audit->add_subcommand(
      "accept",
      "Accept a store that is older than its record, or newer than the clock; erasures on "
      "record stay in force");
  accept->fallthrough();
  const auto chain = [&line, options]() -> Result<Answer> {
    Answer answer;
    MAITRED_ASSIGN(answer.object, line.session.ask("audit", verbs::AuditArgs{options->limit}));
    answer.text = audit_text(answer.object);
    return answer;
  };
  const auto check = [&line]() -> Result<Answer> {
    Answer answer;
    MAITRED_ASSIGN(answer.object, line.session.ask("audit_verify", NoArgs()));
    answer.text = fmt::format("The audit chain is whole: {} rows; every sealed row opens.\n",
                              answer.object.value("rows", 0));
    return answer;
  };
  const auto take = [&line] { return accept_store(line.session); };
  audit->callback([&line, verify, accept, chain, check, take] {
    line.run = chain;
    if (verify->parsed()) line.run = check;
    if (accept->parsed()) line.run = take;
  });
}

void add_resume(CommandLine& line) {
  struct Suspended {
    std::string camera, customer;
  };
  auto options = std::make_shared<Suspended>();
  CLI::App* verb = add_verb(line, "resume",
                            "Resume alerts that wrong-person reports have suspended (see status)");
  verb->add_option("--camera", options->camera, "Resume this camera");
  verb->add_option("--customer", options->customer, "Resume this customer (id)");
  verb->require_option(1);
  verb->callback([&line, options] {
    line.run = [&line, options]() -> Result<Answer> {
      Answer answer;
      MAITRED_ASSIGN(answer.object,
                     line.session.ask("resume", verbs::ResumeArgs{options->camera,
                                                                  CustomerId(options->customer)}));
      answer.text = options->camera.empty()
                        ? fmt::format("Customer {} raises alerts again.\n", options->customer)
                        : fmt::format("Camera {} raises alerts again.\n", options->camera);
      return answer;
    };
  });
}

}  // namespace

void add_record_verbs(CommandLine& line) {
  auto options = std::make_shared<QueryOptions>();
  CLI::App* visits = add_verb(line, "visits", "List visits, newest first");
  visits->add_option("--since", options->since, "Date or time");
  visits->add_option("--customer", options->id, "Only this customer");
  run_query(
      line, visits, options, "visits",
      [](const QueryOptions& q) -> Result<json> {
        verbs::VisitsArgs args{{}, CustomerId(q.id)};
        MAITRED_TRY(read_value("since", q.since, args.since));
        return json_of(args);
      },
      visits_text);

  CLI::App* alerts = add_verb(line, "alerts", "List alerts as staff get them");
  alerts->add_option("--since", options->since, "Date or time");
  alerts->add_flag("--open", options->open, "Only open alerts");
  run_query(
      line, alerts, options, "alerts",
      [](const QueryOptions& q) -> Result<json> {
        verbs::AlertsArgs args{{}, q.open};
        MAITRED_TRY(read_value("since", q.since, args.since));
        return json_of(args);
      },
      alerts_text);

  CLI::App* feedback = add_verb(line, "feedback", "Note a customer's answer after a visit");
  feedback->add_option("VISIT", options->visit, "Visit id")->required();
  feedback->add_option("--rating", options->rating, "0 to 10")
      ->required()
      ->check(CLI::Range(0, 10));
  feedback->add_option("--comment", options->comment, "The customer's own words");
  run_query(
      line, feedback, options, "feedback",
      [](const QueryOptions& q) {
        return json_of(verbs::FeedbackArgs{VisitId(q.visit), q.rating, q.comment});
      },
      [](const json&) { return std::string("Noted.\n"); });

  add_report_verb(line);
  add_resume(line);
  add_audit(line, options);
  run_query(
      line, add_verb(line, "status", "What runs, and how well"), options, "status",
      [](const QueryOptions&) { return json_of(NoArgs()); }, status_text);
}

}  // namespace maitred
