// doctor: checks this installation and suggests what to do about each fault.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <set>

#include "doctor_camera.h"
#include "doctor_text.h"
#include "maitred/admin/verb.h"
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

// Splits an error message at its semicolon into what is wrong and what to do.
Finding of_error(const char* check, const Error& error, const std::string& otherwise) {
  const std::size_t parted = error.message.find("; ");
  if (parted == std::string::npos) return fault(check, error.message, otherwise);
  return fault(check, error.message.substr(0, parted), error.message.substr(parted + 2));
}

Findings look_at_models(const Settings& settings) {
  const auto files =
      locate(Manifest::built_in(), settings.engine, settings.models_dir, shipped_model_folders());
  if (!files) return {of_error("models", files.error(), "maitredctl models fetch")};
  Findings findings{good(
      "models",
      fmt::format("engine {}: all files are present and match their checksums", settings.engine))};
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
        fault("licences", "engine demo recognises only drawn people: " + all,
              "maitredctl models fetch retail, and set [models] engine = \"retail\""));
  } else {
    findings.push_back(
        advice("licences", "engine demo is only for trials without real people: " + all,
               "for real people: maitredctl models fetch retail (free for any use)"));
  }
  return findings;
}

// Checks daemon, key and store. Sets `status` to the answer of the status verb.
Findings look_at_store(Session& session, json& status) {
  // The service runs as its own user, which must own the store.
  const std::string as_user =
      account("maitred").uid == ::geteuid() ? "maitredctl init" : "sudo -u maitred maitredctl init";
  auto answer = session.ask("status", NoArgs());
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
  const auto checked = session.ask("audit_verify", NoArgs());
  if (checked) {
    findings.push_back(
        good("store", fmt::format("all encrypted rows can be read; the audit chain of {} "
                                  "rows is intact",
                                  checked->value("rows", 0))));
  } else {
    findings.push_back(
        of_error("store", checked.error(), "restore the newest backup: maitredctl restore FILE"));
  }
  if (status.value("customers", 0) > 0 && status.value("matchable", 0) == 0) {
    findings.push_back(
        fault("customers",
              fmt::format("none of {} customers can be recognised: their consent has expired, or "
                          "their templates were not computed by engine {}",
                          status.value("customers", 0), status.value("engine", "")),
              fmt::format("if the engine was changed in the configuration, restore the previous "
                          "one, then: maitredctl models use {}",
                          status.value("engine", ""))));
  }
  return findings;
}

Findings look_at_backup(const json& status, WallTime now) {
  if (!status.contains("last_backup")) return {};
  const char* cure = "run every night, to another disk: maitredctl backup FILE";
  if (!status["last_backup"].is_string()) {
    return {advice("backup", "no backup has been taken", cure)};
  }
  const auto taken = parse_time(status["last_backup"].get<std::string>());
  if (!taken) return {};
  const auto days = std::chrono::duration_cast<std::chrono::days>(now - *taken).count();
  if (days > 7) {
    return {fault("backup", fmt::format("the newest backup is {} days old", days), cure)};
  }
  return {good("backup", fmt::format("taken on {}", format_time(*taken)))};
}

// A consent receipt can show the consent text only if the store has it.
Findings look_at_texts(Session& session) {
  const auto answer = session.ask("consent_text_list", NoArgs());
  if (!answer) return {};  // the store's own finding reports the error
  const std::size_t texts = answer->value("texts", json::array()).size();
  if (texts == 0) {
    return {advice("consent",
                   "no consent text is stored: receipts cannot show what the customer agreed to",
                   "maitredctl consent text add VERSION FILE")};
  }
  return {good("consent", fmt::format("{} {} stored", texts,
                                      texts == 1 ? "consent text is" : "consent texts are"))};
}

// Reports measured false alerts and suspensions.
Findings look_at_answers(const json& status) {
  if (!status.contains("false_alerts")) return {};
  Findings findings;
  for (const json& one : status.value("suspended", json::array())) {
    const bool camera = one.contains("camera");
    const std::string name = one.value(camera ? "camera" : "customer", "");
    findings.push_back(fault(
        "false alerts",
        fmt::format("{} {}: alerts suspended since {} after {} wrong-person reports",
                    camera ? "camera" : "customer", name, one.value("since", ""),
                    one.value("wrong", 0)),
        camera ? fmt::format("check its light and position: maitredctl doctor --camera {0}; "
                             "to resume: maitredctl resume --camera {0}",
                             name)
               : fmt::format("add better photos: maitredctl update {0} --photo FILE; to resume: "
                             "maitredctl resume --customer {0}",
                             name)));
  }
  const json& measured = status["false_alerts"];
  if (findings.empty() && measured.value("visitors", 0) > 0) {
    findings.push_back(good(
        "false alerts", fmt::format("{} wrong-person reports among {} visitors in {} days, "
                                    "{:.2f} expected",
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

// Only one process can open a camera, so use the report of the eye that has it open.
Findings look_at_running(const CameraSettings& camera, const json& seen) {
  const std::string state = seen.value("state", "connecting");
  const std::string note = seen.value("note", "");
  if (state == "stalled" || state == "connecting") {
    return {fault("camera", fmt::format("its eye is {}{}{}", state, note.empty() ? "" : ": ", note),
                  "check that the camera is connected and on; log: journalctl -u 'maitred-eye@*'")};
  }
  if (state == "running" && seen.value("fps", 0.0) < 0.5 * camera.fps) {
    return {
        advice("camera",
               fmt::format("{:.1f} frames per second are analysed; the configuration requires {}",
                           seen.value("fps", 0.0), camera.fps),
               "add light, use fewer cameras, or set a lower fps")};
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
                  fmt::format("add one to {}, or start again with: maitredctl setup",
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

// A running daemon reports the ports that it has, and those that another program has taken.
Findings look_at_ports(const Settings& settings, const json& status) {
  const bool runs = status.value("running", false);
  const auto look = [&](const std::string& name, const ListenSettings& listen) -> Findings {
    if (!runs || status.value(name + "_listen", "") != "") return look_at_port(name, listen, runs);
    return listen.off() ? Findings{} : Findings{port_taken(name, listen)};
  };
  Findings findings = look_at_port("staff", settings.staff.listen, runs);
  add(findings, look("board", settings.board.listen));
  add(findings, look("metrics", settings.metrics));
  return findings;
}

// Checks that the files of the integrations exist, and reports their state in a running daemon.
Findings look_at_integrations(const Settings& settings, const json& status) {
  if (settings.webhooks.empty() && settings.mqtt.off()) return {};
  if (const Status usable = check_integrations(settings); !usable) {
    return {of_error("integration", usable.error(), "correct that section of the configuration")};
  }
  Findings findings;
  for (const json& one : status.value("integrations", json::array())) {
    const bool delivering = one.value("state", "") == "delivering";
    Finding finding =
        delivering
            ? good("integration", fmt::format("events are delivered: {} since the start",
                                              one.value("delivered", 0)))
            : fault("integration",
                    fmt::format("events are not delivered: {}; {} are waiting",
                                one.value("trouble", ""), one.value("waiting", 0)),
                    "check that it is running and reachable; under systemd the core has no network "
                    "access by default: systemctl cat maitred shows how to allow it");
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
  CLI::App* verb = add_verb(
      line, "doctor", "Check this installation and suggest fixes; status 1 if there is a fault");
  auto* camera = verb->add_option("--camera", options->camera,
                                  "Check only this camera: can it recognise the people who walk up "
                                  "to it?");
  verb->add_option("--seconds", options->seconds, "How long to watch the camera; default: 60")
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
