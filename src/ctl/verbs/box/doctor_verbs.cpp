// doctor: what is wrong on this box, and what to do.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <set>

#include "doctor_camera.h"
#include "doctor_text.h"
#include "maitred/ctl/doctor/access.h"
#include "maitred/ctl/doctor/box.h"
#include "maitred/ctl/doctor/cameras.h"
#include "maitred/ctl/doctor/network.h"
#include "maitred/ctl/doctor/placement.h"
#include "maitred/doors/outbound/check_integrations.h"
#include "maitred/models/verify.h"
#include "maitred/shop/desk/shop.h"
#include "src/ctl/verbs/photos/eye_report.h"
#include "src/ctl/verbs/verbs.h"

namespace maitred {
namespace {

using nlohmann::json;

constexpr Milliseconds kTrialPatience{12'000};

// An error message has two parts, separated by a semicolon: what is wrong, what to do.
Finding of_error(const char* check, const Error& error, const std::string& otherwise) {
  const std::size_t parted = error.message.find("; ");
  if (parted == std::string::npos) return fault(check, error.message, otherwise);
  return fault(check, error.message.substr(0, parted), error.message.substr(parted + 2));
}

Findings look_at_models(const Settings& settings) {
  const auto files =
      locate(Manifest::built_in(), settings.engine, settings.models_dir, shipped_model_folders());
  if (!files) return {of_error("models", files.error(), "maitredctl models fetch")};
  Findings findings{
      good("models", fmt::format("engine {}: every file is there and unaltered", settings.engine))};
  std::set<std::string> licences;
  for (const ModelRow& row :
       list_models(Manifest::built_in(), settings.models_dir, shipped_model_folders())) {
    if (row.engine == settings.engine && row.state == ModelState::kPresent) {
      licences.insert(row.licence);
    }
  }
  std::string all;
  for (const std::string& licence : licences) all += (all.empty() ? "" : "; ") + licence;
  const bool live =
      std::any_of(settings.cameras.begin(), settings.cameras.end(),
                  [](const CameraSettings& camera) { return is_live_source(camera.source); });
  if (!files->engine.is_demo()) {
    findings.push_back(good("licences", all));
  } else if (live) {
    findings.push_back(
        fault("licences", "engine demo knows drawn people only: " + all,
              "maitredctl models fetch retail, and set [models] engine = \"retail\""));
  } else {
    findings.push_back(
        advice("licences", "engine demo is for trials without real people: " + all,
               "engine retail is free for every use: maitredctl models fetch retail"));
  }
  return findings;
}

// Checks daemon, key and store. `status` gets the answer of the verb.
Findings look_at_store(Session& session, json& status) {
  // The service runs as a user of its own, who must own the store.
  const std::string as_user =
      account("maitred").uid == ::geteuid() ? "maitredctl init" : "sudo -u maitred maitredctl init";
  auto answer = session.ask("status", json::object());
  if (!answer) {
    const bool none = answer.error().code == "store_missing";
    return {of_error("store", answer.error(),
                     none ? as_user : "restore the newest backup: maitredctl restore FILE")};
  }
  status = std::move(*answer);
  Findings findings;
  if (status.value("running", false)) {
    findings.push_back(good("daemon", "maitred is running"));
  } else {
    findings.push_back(
        fault("daemon", "maitred is not running",
              "systemctl enable --now maitred; without systemd: maitred --spawn-eyes"));
  }
  const auto checked = session.ask("audit_verify", json::object());
  if (checked) {
    findings.push_back(
        good("store", fmt::format("every sealed row opens, the audit chain of {} rows "
                                  "is whole",
                                  checked->value("rows", 0))));
  } else {
    findings.push_back(
        of_error("store", checked.error(), "restore the newest backup: maitredctl restore FILE"));
  }
  if (status.value("customers", 0) > 0 && status.value("matchable", 0) == 0) {
    findings.push_back(
        fault("customers",
              fmt::format("none of {} customers can be recognised: their consent has ended, or "
                          "their templates are of another engine than {}",
                          status.value("customers", 0), status.value("engine", "")),
              fmt::format("if you have changed the engine by hand, put it back and use: maitredctl "
                          "models use {}",
                          status.value("engine", ""))));
  }
  return findings;
}

Findings look_at_backup(const json& status, WallTime now) {
  if (!status.contains("last_backup")) return {};
  const char* cure = "maitredctl backup FILE, to another disk, every night";
  if (!status["last_backup"].is_string()) {
    return {advice("backup", "there has never been a backup", cure)};
  }
  const auto taken = parse_time(status["last_backup"].get<std::string>());
  if (!taken) return {};
  const auto days = std::chrono::duration_cast<std::chrono::days>(now - *taken).count();
  if (days > 7) {
    return {fault("backup", fmt::format("the newest backup is {} days old", days), cure)};
  }
  return {good("backup", fmt::format("taken on {}", format_time(*taken)))};
}

// A consent receipt can show the text only if it is on record.
Findings look_at_texts(Session& session) {
  const auto answer = session.ask("consent_text_list", json::object());
  if (!answer) return {};  // the finding of the store tells why
  const std::size_t texts = answer->value("texts", json::array()).size();
  if (texts == 0) {
    return {advice("consent", "no consent text is on record: receipts cannot show what was agreed",
                   "maitredctl consent text add VERSION FILE")};
  }
  return {good("consent", fmt::format("{} {} on record", texts,
                                      texts == 1 ? "consent text is" : "consent texts are"))};
}

// Reports measured false alerts and suspensions.
Findings look_at_answers(const json& status) {
  if (!status.contains("false_alerts")) return {};
  Findings findings;
  for (const json& one : status.value("suspended", json::array())) {
    const bool camera = one.contains("camera");
    const std::string name = one.value(camera ? "camera" : "customer", "");
    findings.push_back(
        fault("false alerts",
              fmt::format("{} {} raises no alerts since {}: {} were for the wrong person",
                          camera ? "camera" : "customer", name, one.value("since", ""),
                          one.value("wrong", 0)),
              camera ? fmt::format("see its light and place with maitredctl doctor --camera {0}, "
                                   "then: maitredctl resume --camera {0}",
                                   name)
                     : fmt::format("enrol better photos with maitredctl update {0} --photo, then: "
                                   "maitredctl resume --customer {0}",
                                   name)));
  }
  const json& measured = status["false_alerts"];
  if (findings.empty() && measured.value("visitors", 0) > 0) {
    findings.push_back(good(
        "false alerts", fmt::format("{} answers \"wrong person\" of {} visitors in {} days, {:.2f} "
                                    "expected",
                                    measured.value("wrong", 0), measured.value("visitors", 0),
                                    measured.value("days", 0), measured.value("expected", 0.0))));
  }
  return findings;
}

CameraTrial trial_of(const json& report) {
  CameraTrial trial;
  trial.fps = report.value("fps", 0.0);
  trial.width_px = report.value("width", 0);
  trial.height_px = report.value("height", 0);
  trial.mean_light = report.value("mean_light", 128.0);
  return trial;
}

// While an eye has the camera open, no other process can: use the report of the eye.
Findings look_at_running(const CameraSettings& camera, const json& seen) {
  const std::string state = seen.value("state", "connecting");
  const std::string note = seen.value("note", "");
  if (state == "stalled" || state == "connecting") {
    return {fault("camera", fmt::format("its eye is {}{}{}", state, note.empty() ? "" : ": ", note),
                  "look into: journalctl -u 'maitred-eye@*'; is the camera on and plugged in?")};
  }
  if (state == "running" && seen.value("fps", 0.0) < 0.5 * camera.fps) {
    return {advice("camera",
                   fmt::format("{:.1f} pictures a second are analysed; the configuration wants {}",
                               seen.value("fps", 0.0), camera.fps),
                   "give the camera light and the box fewer cameras, or set fps lower")};
  }
  return {good("camera", fmt::format("its eye is {}", state))};
}

Findings look_at_camera(const Settings& settings, const CameraSettings& camera,
                        const json& status) {
  Findings findings;
  int width_px = 0;
  const bool device = camera.source.starts_with("/dev/");
  if (device) {
    findings = look_at_device(camera.source, account("maitred-eye"));
    if (const auto described = describe_camera(camera.source)) {
      add(findings, judge_formats(camera, *described));
    }
  }
  const json cameras = status.value("cameras", json::array());
  const auto seen = std::find_if(cameras.begin(), cameras.end(), [&](const json& one) {
    return one.value("name", "") == camera.name;
  });
  const bool hopeless = std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.verdict == Verdict::kFault;
  });
  if (status.value("running", false) && seen != cameras.end()) {
    add(findings, look_at_running(camera, *seen));
  } else if (!hopeless) {
    const auto report = measure_camera(settings.file, camera.name, kTrialPatience);
    if (!report) {
      findings.push_back(of_error("camera", report.error(), "correct source in the configuration"));
    } else {
      const CameraTrial trial = trial_of(*report);
      width_px = trial.width_px;
      if (is_live_source(camera.source)) {
        add(findings, judge_trial(camera, trial));
      } else {
        findings.push_back(
            good("camera", fmt::format("a recording, {} x {}", trial.width_px, trial.height_px)));
      }
    }
  }
  add(findings, judge_placement(camera, width_px));
  return findings;
}

Findings look_at_cameras(const Settings& settings, const json& status, bool quiet) {
  if (settings.cameras.empty()) {
    return {fault("camera", "the configuration has no [[camera]]",
                  fmt::format("add one to {}, or begin anew with: maitredctl setup",
                              settings.file.string()))};
  }
  Findings findings;
  ProgressBar bar("cameras", quiet);
  for (std::size_t i = 0; i < settings.cameras.size(); ++i) {
    bar.show(i, settings.cameras.size());
    add(findings, look_at_camera(settings, settings.cameras[i], status), settings.cameras[i].name);
  }
  return findings;
}

// For a running daemon, use the ports that it reports.
Findings look_at_ports(const Settings& settings, const json& status) {
  const bool runs = status.value("running", false);
  Findings findings = look_at_port("staff", settings.staff.listen, runs);
  if (!runs || status.value("board_listen", "") != "") {
    add(findings, look_at_port("board", settings.board.listen, runs));
  }
  if (!runs || status.value("metrics_listen", "") != "") {
    add(findings, look_at_port("metrics", settings.metrics, runs));
  }
  return findings;
}

// Reports integrations as a running daemon sees them; without one, checks that their files exist.
Findings look_at_integrations(const Settings& settings, const json& status) {
  if (settings.webhooks.empty() && settings.mqtt.off()) return {};
  if (const Status usable = check_integrations(settings); !usable) {
    return {of_error("integration", usable.error(), "correct that section")};
  }
  Findings findings;
  for (const json& one : status.value("integrations", json::array())) {
    const bool delivering = one.value("state", "") == "delivering";
    Finding finding =
        delivering
            ? good("integration", fmt::format("takes events, {} delivered since the start",
                                              one.value("delivered", 0)))
            : fault("integration",
                    fmt::format("takes no events: {}; {} are kept for it", one.value("trouble", ""),
                                one.value("waiting", 0)),
                    "is it running and reachable from here? Under systemd the core has no network: "
                    "systemctl cat maitred says what to open for it");
    finding.subject = one.value("name", "");
    findings.push_back(std::move(finding));
  }
  return findings;
}

Findings examine(Session& session) {
  Findings findings;
  const auto read = session.settings();
  if (!read) {
    add(findings, look_at_box("/var/lib/maitred", 1));
    findings.push_back(of_error("configuration", read.error(), "correct that line"));
    return findings;
  }
  const Settings& settings = **read;
  add(findings, look_at_box(settings.store_path.parent_path(), settings.cameras.size()));
  add(findings,
      look_at_permissions(settings, runtime_folder(settings, std::getenv("RUNTIME_DIRECTORY")),
                          account("maitred")));
  add(findings, look_at_models(settings));
  json status = json::object();
  add(findings, look_at_store(session, status));
  add(findings, look_at_answers(status));
  add(findings, look_at_backup(status, wall_now()));
  add(findings, look_at_texts(session));
  add(findings, look_at_ports(settings, status));
  add(findings, look_at_certificate(settings.staff.tls_cert, settings.staff.tls_key, wall_now()));
  add(findings, look_at_integrations(settings, status));
  add(findings, look_at_cameras(settings, status, session.options().quiet));
  return findings;
}

Result<Answer> report(Session& session) { return findings_answer(examine(session)); }

}  // namespace

void add_doctor_verbs(CommandLine& line) {
  struct Options {
    std::string camera;
    double seconds = 60.0;
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      add_verb(line, "doctor",
               "What is wrong on this box, and how to mend it; status 1 when something "
               "needs doing");
  auto* camera = verb->add_option("--camera", options->camera,
                                  "Only this camera: does it hang where it can recognise those who "
                                  "walk up to it?");
  verb->add_option("--seconds", options->seconds, "How long to look at them; 60 if left out")
      ->check(CLI::Range(1.0, 3600.0))
      ->needs(camera);
  verb->callback([&line, options] {
    line.run = [&line, options] {
      return options->camera.empty()
                 ? report(line.session)
                 : report_placement(line.session, options->camera, options->seconds);
    };
  });
}

}  // namespace maitred
