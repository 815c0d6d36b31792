// identify and verify.
#include <fmt/format.h>

#include <memory>

#include "customer_text.h"
#include "maitred/admin/enrolment.h"
#include "maitred/admin/recognition.h"
#include "maitred/base/time.h"
#include "src/ctl/verbs/photos/camera_photos.h"
#include "src/ctl/verbs/photos/photo_probe.h"
#include "src/ctl/verbs/verbs.h"

namespace maitred {
namespace {

using nlohmann::json;

struct ProbeOptions {
  std::string id;
  std::vector<std::string> photos;
  std::string camera;
  double seconds = 3.0;
};

Result<json> probe_all(Session& session, const ProbeOptions& options) {
  if (!options.camera.empty()) {
    return photos_of_camera(session, {options.camera, options.seconds, PhotoPurpose::kProbe});
  }
  MAITRED_ASSIGN(const Settings* settings, session.settings());
  json reports = json::array();
  PhotoProber prober(settings->file, PhotoPurpose::kProbe);
  for (const std::string& photo : options.photos) {
    MAITRED_ASSIGN(json report, prober.probe(photo));
    reports.push_back(std::move(report));
  }
  return reports;
}

// ", appointment 10:30 with Y" by the clock of this machine, or nothing.
std::string appointment_text(const json& answer) {
  const auto found = answer.find("appointment");
  if (found == answer.end() || !found->is_object()) return {};
  const auto at = parse_time(found->value("at", ""));
  if (!at) return {};
  const std::string with = found->value("with", "");
  return fmt::format(", appointment {}{}{}", local_clock(*at), with.empty() ? "" : " with ", with);
}

Result<Answer> identify(Session& session, const ProbeOptions& options) {
  json args = json_of(verbs::IdentifyArgs{});
  MAITRED_ASSIGN(args["photos"], probe_all(session, options));
  Answer answer;
  MAITRED_ASSIGN(answer.object, session.ask("identify", args));
  if (!answer.object.value("match", false)) {
    const bool attack = answer.object.contains("live") && answer.object["live"] == false;
    answer.text = attack ? "No match: this looks like a picture of a face.\n" : "No match.\n";
    answer.status = static_cast<int>(Fault::kNo);
    return answer;
  }
  answer.text = fmt::format("{}  {}{}  ({} confidence)\n", answer.object.value("id", ""),
                            answer.object.value("name", ""), appointment_text(answer.object),
                            answer.object.value("confidence", ""));
  return answer;
}

Result<Answer> verify(Session& session, const ProbeOptions& options) {
  // Report unknown ids and ended consents before a photo is read.
  MAITRED_TRY(session.ask("show", verbs::ShowArgs{options.id}));
  json args = json_of(verbs::VerifyArgs{CustomerId(options.id), {}});
  MAITRED_ASSIGN(args["photos"], probe_all(session, options));
  Answer answer;
  MAITRED_ASSIGN(answer.object, session.ask("verify", args));
  const bool verified = answer.object.value("verified", false);
  const bool attack = answer.object["live"] == false;
  answer.text = verified ? fmt::format("Verified: {}{}.\n", answer.object.value("name", ""),
                                       appointment_text(answer.object))
                : attack ? "Not verified: this looks like a picture of a face.\n"
                         : "Not verified.\n";
  answer.status = verified ? 0 : static_cast<int>(Fault::kNo);
  return answer;
}

}  // namespace

void add_recognition_verbs(CommandLine& line) {
  auto options = std::make_shared<ProbeOptions>();
  const auto add_probe = [&options](CLI::App* verb) {
    auto* photo = verb->add_option("--photo", options->photos, "Photo; the largest face counts")
                      ->allow_extra_args(false)
                      ->take_all();
    auto* camera = verb->add_option("--camera", options->camera,
                                    "Take pictures of the person in front of this camera instead");
    verb->add_option("--seconds", options->seconds, "How long the camera looks (default: 3)")
        ->check(CLI::Range(0.5, 60.0))
        ->needs(camera);
    photo->excludes(camera);
  };
  const auto one_of_both = [options] {
    if (!options->photos.empty() || !options->camera.empty()) return;
    throw CLI::ValidationError("give --photo or --camera");
  };
  CLI::App* identify_verb = add_verb(line, "identify", "Who is this? (1:N, for a service desk)");
  add_probe(identify_verb);
  identify_verb->callback([&line, options, one_of_both] {
    one_of_both();
    line.run = [&line, options] { return identify(line.session, *options); };
  });
  CLI::App* verify_verb = add_verb(line, "verify", "Is this the customer? (1:1)");
  verify_verb->add_option("ID", options->id, "Customer id")->required();
  add_probe(verify_verb);
  verify_verb->callback([&line, options, one_of_both] {
    one_of_both();
    line.run = [&line, options] { return verify(line.session, *options); };
  });
}

}  // namespace maitred
