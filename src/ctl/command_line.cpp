#include "command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string_view>

#include "maitred/base/json.h"
#include "session.h"
#include "src/ctl/verbs/verbs.h"

namespace maitred {
namespace {

int fail(const Error& error, bool as_json) {
  if (as_json) {
    const nlohmann::json object = {{"error", {{"code", error.code}, {"message", error.message}}}};
    fmt::print("{}\n", json_text(object));
  }
  fmt::print(stderr, "maitredctl: {}\n", shown_text(error.message));
  return static_cast<int>(error.fault);
}

int succeed(const Answer& answer, const GlobalOptions& options) {
  if (options.json) {
    fmt::print("{}\n", json_text(answer.object));
  } else if (!options.quiet) {
    // Entered text may hold control sequences for the terminal.
    fmt::print("{}", answer.coloured ? answer.text : shown_text(answer.text));
  }
  return std::fflush(stdout) == 0 ? answer.status : static_cast<int>(Fault::kEnvironment);
}

// The first line of CLI11's message, and where to read more.
Error usage_error(const CLI::App& app, const CLI::ParseError& error) {
  std::string what = error.what();
  what = what.substr(0, what.find('\n'));
  std::string verb;
  if (app.get_subcommands().empty() && !app.remaining().empty()) {
    const std::string given = app.remaining().front();
    what = fmt::format("there is no {} '{}'", given.starts_with('-') ? "option" : "verb",
                       shown_text(given));
  }
  for (const CLI::App* sub = &app; !sub->get_subcommands().empty();) {
    sub = sub->get_subcommands().front();
    verb += " " + sub->get_name();
  }
  return Error{Fault::kInput, "bad_usage", fmt::format("{}; see maitredctl{} --help", what, verb)};
}

}  // namespace

int run_command_line(int argc, char** argv) {
  GlobalOptions options;
  CLI::App app{"maitredctl: admin and staff command line of maitred", "maitredctl"};
  app.set_version_flag("--version", "maitredctl " MAITRED_VERSION);
  app.add_option("-c,--config", options.settings_file,
                 "Configuration file (default: $MAITRED_CONFIG, then /etc/maitred/maitred.toml)");
  app.add_flag("--json", options.json, "Print one JSON object");
  app.add_flag("--quiet", options.quiet, "Print no text on success");
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 done or yes; 1 a clean no; 2 bad usage or input; 3 the box is not ready\n"
      "(no store, locked, no key, model missing, daemon not answering).");

  // A usage error is written as JSON too, wherever the flag stands.
  const bool as_json = std::any_of(
      argv, argv + argc, [](const char* word) { return std::string_view(word) == "--json"; });
  // The session copies the options after parsing: see below.
  Session session(options);
  CommandLine line{app, session, {}};
  add_customer_verbs(line);
  add_import_verb(line);
  add_recognition_verbs(line);
  add_record_verbs(line);
  add_erasure_verbs(line);
  add_key_verbs(line);
  add_paper_verbs(line);
  add_rule_verbs(line);
  add_staff_verbs(line);
  add_model_verbs(line);
  add_evaluate_verb(line);
  add_doctor_verbs(line);
  add_setup_verbs(line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return fail(usage_error(app, error), as_json);
  }
  session = Session(options);
  const Result<Answer> answer = line.run();
  return answer ? succeed(*answer, options) : fail(answer.error(), options.json);
}

}  // namespace maitred
