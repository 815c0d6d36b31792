// models use: computes all templates with another engine, from the kept photos.
#include <fmt/format.h>

#include <memory>

#include "maitred/admin/photos.h"
#include "maitred/base/file.h"
#include "maitred/models/manifest.h"
#include "maitred/models/verify.h"
#include "maitred/settings/edit_settings.h"
#include "maitred/shop/desk/recognition.h"
#include "src/ctl/verbs/photos/photo_probe.h"
#include "src/ctl/verbs/verbs.h"

namespace maitred {
namespace {

using nlohmann::json;

struct EngineChoice {
  std::string engine;
  bool anyway = false;
};

// Checks before anything changes that the engine is calibrated, that its files are present, and
// that it may be used with these cameras.
Status check_engine(const Settings& settings, const std::string& name) {
  MAITRED_ASSIGN(const ModelEngine* engine, Manifest::built_in().engine(name));
  MAITRED_TRY(calibration_of(*engine));
  MAITRED_TRY(locate(Manifest::built_in(), name, settings.models_dir, shipped_model_folders()));
  for (const CameraSettings& camera : settings.cameras) {
    if (!engine->is_demo() || settings.allow_demo_engine || !is_live_source(camera.source))
      continue;
    return environment_error("demo_engine",
                             fmt::format("camera '{}' shows real people, but the demo engine "
                                         "recognises only drawn people; use another engine",
                                         camera.name));
  }
  return {};
}

// Computes one customer's templates from the kept photos. Returns the number of templates.
Result<std::size_t> reembed(Session& session, PhotoProber& prober, const std::string& id,
                            const std::string& engine) {
  MAITRED_ASSIGN(const json kept,
                 session.ask("kept_photos", verbs::KeptPhotosArgs{CustomerId(id), engine}));
  json reports = json::array();
  for (const json& photo : kept.at("photos")) {
    MAITRED_ASSIGN(const auto bytes, from_base64(photo.get<std::string>()));
    auto report = prober.probe(bytes, "a kept photo of customer " + id);
    if (report) {
      reports.push_back(std::move(*report));
    } else if (report.error().fault == Fault::kEnvironment) {
      return tl::unexpected(report.error());
    }
  }
  if (reports.empty()) return std::size_t{0};
  json args = json_of(verbs::ReembedArgs{CustomerId(id), engine, {}});
  const std::size_t templates = reports.size();
  args["photos"] = std::move(reports);
  MAITRED_TRY(session.ask("reembed", args));
  return templates;
}

struct Reembedded {
  std::size_t customers = 0;         // by this run
  std::size_t before = 0;            // by an earlier run
  std::vector<std::string> without;  // no usable photo: these cannot be recognised
};

Result<Reembedded> reembed_all(Session& session, const Settings& settings,
                               const std::string& engine) {
  session.keep_store_open();
  MAITRED_ASSIGN(const json overview,
                 session.ask("engine_members", verbs::EngineMembersArgs{engine}));
  const json& members = overview.at("members");
  PhotoProber prober(settings.file, PhotoPurpose::kProbe, engine);
  ProgressBar bar("customers", session.options().quiet);
  Reembedded result;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const json& member = members[i];
    const auto id = member.at("id").get<std::string>();
    bar.show(i, members.size());
    if (member.value("done", false)) {
      ++result.before;
      continue;
    }
    std::size_t templates = 0;
    if (member.value("photos", 0) > 0) {
      MAITRED_ASSIGN(templates, reembed(session, prober, id, engine));
    }
    if (templates > 0) ++result.customers;
    if (templates == 0) result.without.push_back(id);
  }
  return result;
}

// Writes the engine to the configuration and makes a running daemon use it. Returns a text that
// tells what is left to do; empty if nothing.
Result<std::string> switch_to(Session& session, const Settings& settings,
                              const std::string& engine) {
  MAITRED_ASSIGN(const auto bytes, read_file(settings.file, std::size_t{1} << 20));
  MAITRED_ASSIGN(const std::string text,
                 with_engine(std::string(bytes.begin(), bytes.end()), engine, settings.file));
  const auto mode =
      static_cast<unsigned>(std::filesystem::status(settings.file).permissions()) & 07777U;
  MAITRED_TRY(write_file(settings.file,
                         {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, mode));
  const auto answer = session.ask("use_engine", {{"engine", engine}});
  if (!answer) {
    // Without a running daemon there is nothing to switch.
    if (answer.error().code == "bad_usage") return std::string();
    return tl::unexpected(answer.error());
  }
  return answer->value("restart_eyes", false)
             ? std::string("Restart the eyes: systemctl restart 'maitred-eye@*'\n")
             : std::string();
}

Result<Answer> use(Session& session, const EngineChoice& choice) {
  MAITRED_ASSIGN(const Settings* settings, session.settings());
  MAITRED_TRY(check_engine(*settings, choice.engine));
  const std::string before = settings->engine;
  MAITRED_ASSIGN(const Reembedded done, reembed_all(session, *settings, choice.engine));
  Answer answer;
  const bool switches = done.without.empty() || choice.anyway;
  answer.object = {{"engine", switches ? choice.engine : before},
                   {"switched", switches},
                   {"reembedded", done.customers},
                   {"already", done.before},
                   {"without_photos", done.without}};
  if (done.customers > 0) {
    answer.text +=
        fmt::format("Computed templates of {} customers from their kept photos.\n", done.customers);
  }
  if (!done.without.empty()) {
    answer.text += fmt::format(
        "{} customers have no usable kept photo. Engine {} cannot recognise them until photos are "
        "added (maitredctl update ID --photo FILE):\n",
        done.without.size(), choice.engine);
    for (const std::string& id : done.without) answer.text += "  " + id + "\n";
  }
  if (!switches) {
    answer.text +=
        fmt::format("The engine is still {}. To change it anyway, use --anyway.\n", before);
    answer.status = static_cast<int>(Fault::kNo);
    return answer;
  }
  MAITRED_ASSIGN(const std::string rest, switch_to(session, *settings, choice.engine));
  answer.text += fmt::format(
      "Engine {0} is in use. The templates of engine {1} are kept. To go back: maitredctl models "
      "use {1}\n",
      choice.engine, before);
  answer.text += rest;
  return answer;
}

}  // namespace

void add_engine_verb(CommandLine& line, CLI::App& models) {
  auto choice = std::make_shared<EngineChoice>();
  CLI::App* verb = models.add_subcommand(
      "use", "Change the engine and recompute all templates from the kept photos");
  verb->fallthrough();
  verb->add_option("ENGINE", choice->engine, "retail, dlib, sface or demo")->required();
  verb->add_flag("--anyway", choice->anyway,
                 "Change it even if customers without photos can no longer be recognised");
  verb->callback(
      [&line, choice] { line.run = [&line, choice] { return use(line.session, *choice); }; });
}

}  // namespace maitred
