// identify and verify.
#include <fmt/format.h>

#include <memory>

#include "photo_probe.h"
#include "verbs.h"

namespace maitred {
namespace {

using nlohmann::json;

struct ProbeOptions {
  std::string id;
  std::vector<std::string> photos;
};

Result<json> probe_all(Session& session, const std::vector<std::string>& photos) {
  MAITRED_ASSIGN(const Settings* settings, session.settings());
  json reports = json::array();
  PhotoProber prober(settings->file, PhotoPurpose::kProbe);
  for (const std::string& photo : photos) {
    MAITRED_ASSIGN(json report, prober.probe(photo));
    reports.push_back(std::move(report));
  }
  return reports;
}

Result<Answer> identify(Session& session, const ProbeOptions& options) {
  json args = json::object();
  MAITRED_ASSIGN(args["photos"], probe_all(session, options.photos));
  Answer answer;
  MAITRED_ASSIGN(answer.object, session.ask("identify", args));
  if (!answer.object.value("match", false)) {
    const bool attack = answer.object.contains("live") && answer.object["live"] == false;
    answer.text = attack ? "No match: this looks like a picture of a face.\n" : "No match.\n";
    answer.status = static_cast<int>(Fault::kNo);
    return answer;
  }
  answer.text = fmt::format("{}  {}  ({} confidence)\n", answer.object.value("id", ""),
                            answer.object.value("name", ""), answer.object.value("confidence", ""));
  return answer;
}

Result<Answer> verify(Session& session, const ProbeOptions& options) {
  json args = {{"id", options.id}};
  // Unknown ids and ended consents are told before a photo is looked at.
  MAITRED_TRY(session.ask("show", args));
  MAITRED_ASSIGN(args["photos"], probe_all(session, options.photos));
  Answer answer;
  MAITRED_ASSIGN(answer.object, session.ask("verify", args));
  const bool verified = answer.object.value("verified", false);
  const bool attack = answer.object["live"] == false;
  answer.text = verified ? "Verified.\n"
                : attack ? "Not verified: this looks like a picture of a face.\n"
                         : "Not verified.\n";
  answer.status = verified ? 0 : static_cast<int>(Fault::kNo);
  return answer;
}

}  // namespace

void add_recognition_verbs(CommandLine& line) {
  auto options = std::make_shared<ProbeOptions>();
  const auto add_photo = [&options](CLI::App* verb) {
    verb->add_option("--photo", options->photos, "Photo; of several faces the largest counts")
        ->required()
        ->allow_extra_args(false)
        ->take_all();
  };
  CLI::App* identify_verb = add_verb(line, "identify", "Who is this? (1:N, for a service desk)");
  add_photo(identify_verb);
  identify_verb->callback([&line, options] {
    line.run = [&line, options] { return identify(line.session, *options); };
  });
  CLI::App* verify_verb = add_verb(line, "verify", "Is this the customer? (1:1)");
  verify_verb->add_option("ID", options->id, "Customer id")->required();
  add_photo(verify_verb);
  verify_verb->callback(
      [&line, options] { line.run = [&line, options] { return verify(line.session, *options); }; });
}

}  // namespace maitred
