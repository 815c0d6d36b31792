// The verbs of maitredctl, in groups. Each group adds its subcommands to the command line; parsing
// a subcommand sets `run`.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "src/ctl/session.h"

namespace maitred {

struct CommandLine {
  CLI::App& app;
  Session& session;
  std::function<Result<Answer>()> run;  // set by the verb that was given
};

void add_customer_verbs(CommandLine& line);     // init enroll list show update ask purchase ...
void add_import_verb(CommandLine& line);        // import
void add_recognition_verbs(CommandLine& line);  // identify verify
void add_record_verbs(CommandLine& line);       // visits alerts feedback audit status
void add_erasure_verbs(CommandLine& line);      // consent forget receipt export retention
void add_key_verbs(CommandLine& line);          // backup restore key
void add_paper_verbs(CommandLine& line);        // export paper
void add_rule_verbs(CommandLine& line);         // rule
void add_staff_verbs(CommandLine& line);        // watch staff
void add_report_verb(CommandLine& line);        // report
void add_model_verbs(CommandLine& line);        // models
void add_engine_verb(CommandLine& line, CLI::App& models);  // models use
void add_evaluate_verb(CommandLine& line);                  // evaluate
void add_doctor_verbs(CommandLine& line);                   // doctor
void add_setup_verbs(CommandLine& line);                    // setup

// Adds a subcommand.
CLI::App* add_verb(CommandLine& line, const std::string& name, const std::string& description);

}  // namespace maitred
