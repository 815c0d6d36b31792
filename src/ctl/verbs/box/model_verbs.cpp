// models list, fetch, verify: the model files of the engines.
#include <fmt/format.h>

#include <cstdlib>
#include <memory>

#include "maitred/models/fetch.h"
#include "maitred/models/verify.h"
#include "src/ctl/verbs/verbs.h"

namespace maitred {
namespace {

using nlohmann::json;

struct FetchChoice {
  std::string from, engine, mirror;
  bool all = false;
};

Answer rows_answer(const std::vector<ModelRow>& rows, const Settings& settings) {
  Answer answer;
  json models = json::array();
  std::vector<std::vector<std::string>> table;
  bool altered = false;
  for (const ModelRow& row : rows) {
    const std::string state(model_state_name(row.state));
    altered = altered || row.state == ModelState::kAltered;
    models.push_back({{"engine", row.engine},
                      {"role", model_role_name(row.role)},
                      {"file", row.file},
                      {"alternative", row.alternative},
                      {"state", state},
                      {"path", row.path.string()},
                      {"bytes", row.size_bytes},
                      {"licence", row.licence}});
    table.push_back({row.engine, std::string(model_role_name(row.role)), row.file,
                     row.alternative && row.state == ModelState::kMissing ? "not needed" : state,
                     std::to_string(row.size_bytes), row.licence});
  }
  const bool complete = engine_is_complete(rows, settings.engine);
  answer.object = {{"engine", settings.engine},
                   {"complete", complete},
                   {"dir", settings.models_dir.string()},
                   {"models", std::move(models)}};
  answer.text = format_table({"ENGINE", "ROLE", "FILE", "STATE", "BYTES", "LICENCE"}, table) +
                fmt::format("\nEngine {} {}.\n", settings.engine,
                            complete ? "is complete" : "is not complete: maitredctl models fetch");
  answer.status = complete && !altered ? 0 : static_cast<int>(Fault::kEnvironment);
  return answer;
}

Result<Answer> fetch(Session& session, const FetchChoice& choice) {
  MAITRED_ASSIGN(const Settings* settings, session.settings());
  FetchOptions options;
  options.destination = settings->models_dir;
  options.shipped = shipped_model_folders();
  options.base_url = choice.mirror;
  const char* folder = std::getenv("MAITRED_MODELS");
  if (!choice.from.empty()) {
    options.from_folder = choice.from;
  } else if (folder != nullptr && *folder != '\0' && choice.mirror.empty()) {
    options.from_folder = folder;
  }
  ProgressBar bar("fetch", session.options().quiet);
  options.progress = [&bar](const FetchProgress& progress) {
    bar.show(progress.done_bytes, progress.size_bytes);
  };
  const std::string engine =
      choice.all ? "" : (choice.engine.empty() ? settings->engine : choice.engine);
  MAITRED_ASSIGN(const auto files, fetch_models(Manifest::built_in(), engine, options));
  Answer answer;
  answer.object = {{"dir", settings->models_dir.string()}, {"files", json::array()}};
  for (const FetchedFile& file : files) {
    answer.object["files"].push_back(
        {{"file", file.file}, {"path", file.path.string()}, {"was_there", file.was_there}});
    answer.text += fmt::format("{} {}\n", file.path.string(),
                               file.was_there ? "already present" : "fetched and verified");
  }
  return answer;
}

}  // namespace

void add_model_verbs(CommandLine& line) {
  CLI::App* models = add_verb(line, "models", "The model files of the engines");
  models->require_subcommand(1);
  using Rows = std::vector<ModelRow> (*)(const Manifest&, const std::filesystem::path&,
                                         const std::vector<std::filesystem::path>&);
  const auto add_rows = [&](const char* name, const char* description, Rows rows, bool judge) {
    CLI::App* verb = models->add_subcommand(name, description);
    verb->fallthrough();
    verb->callback([&line, rows, judge] {
      line.run = [&line, rows, judge]() -> Result<Answer> {
        MAITRED_ASSIGN(const Settings* settings, line.session.settings());
        Answer answer = rows_answer(
            rows(Manifest::built_in(), settings->models_dir, shipped_model_folders()), *settings);
        if (!judge) answer.status = 0;
        return answer;
      };
    });
  };
  add_rows("list", "List the model files and their licences", list_models, false);
  add_rows("verify", "Check the SHA-256 of every file", verify_models, true);
  add_engine_verb(line, *models);
  auto choice = std::make_shared<FetchChoice>();
  CLI::App* verb = models->add_subcommand("fetch", "Fetch the model files that an engine needs");
  verb->fallthrough();
  verb->add_option("ENGINE", choice->engine, "Engine to fetch; default: the configured one");
  verb->add_option("--from", choice->from,
                   "Copy the files from this folder (default: $MAITRED_MODELS, if set)");
  verb->add_option("--mirror", choice->mirror, "Base URL to download the files from");
  verb->add_flag("--all", choice->all, "Fetch the models of every engine");
  verb->callback(
      [&line, choice] { line.run = [&line, choice] { return fetch(line.session, *choice); }; });
}

}  // namespace maitred
