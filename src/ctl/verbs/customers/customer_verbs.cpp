// init, enroll, list, show, update, ask, purchase, appointment.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "customer_text.h"
#include "maitred/admin/enrolment.h"
#include "maitred/admin/notes.h"
#include "maitred/base/file.h"
#include "maitred/shop/desk/shop.h"
#include "maitred/shop/store/store.h"
#include "src/ctl/verbs/photos/camera_photos.h"
#include "src/ctl/verbs/photos/photo_probe.h"
#include "src/ctl/verbs/verbs.h"

namespace maitred {
namespace {

using nlohmann::json;

// Requests to the daemon have a size limit, and kept photos make every backup larger.
constexpr std::size_t kKeptPhotosLimitBytes = std::size_t{40} << 20;

struct EnrolOptions {
  std::string purpose, channel, taken_by;
  std::string name, version, reference, expires, loyalty, incentive, tier, note, external;
  std::vector<std::string> photos, scopes, preferences;
  std::string camera;
  double seconds = 5.0;
  bool keep_photos = false;
  bool allow_duplicate = false;
};

Result<Answer> init(Session& session) {
  MAITRED_ASSIGN(const Settings* settings, session.settings());
  KeySurroundings surroundings = key_surroundings();
  surroundings.confirm = true;
  MAITRED_ASSIGN(const KeyAccess key, key_access(settings->store_key, surroundings));
  MAITRED_ASSIGN(const Store store,
                 Store::create(settings->store_path, key,
                               Actor{fmt::format("uid:{}", ::getuid()), wall_now()}));
  Answer answer;
  answer.object = {{"created", true},
                   {"store", store.id()},
                   {"path", settings->store_path.string()},
                   {"key", settings->store_key}};
  answer.text = fmt::format(
      "Created the empty store {} with its key in {}.\n"
      "Without that key nothing in the store can be read: keep a copy of it in a safe place.\n",
      settings->store_path.string(), settings->store_key);
  return answer;
}

// Reads "K=V" texts. The last value of a repeated key counts.
Result<std::map<std::string, std::string>> read_preferences(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> preferences;
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return input_error("bad_usage", fmt::format("--preference '{}' is not of the form KEY=VALUE",
                                                  text.substr(0, 60)));
    }
    preferences[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return preferences;
}

// Returns the report of every photo, or the error of the first bad one: an enrolment is whole or
// not at all.
Result<json> probe_photos(Session& session, const std::vector<std::string>& photos) {
  MAITRED_ASSIGN(const Settings* settings, session.settings());
  json reports = json::array();
  ProgressBar bar("photos", session.options().quiet);
  PhotoProber prober(settings->file, PhotoPurpose::kEnrol);
  for (const std::string& photo : photos) {
    MAITRED_ASSIGN(json report, prober.probe(photo));
    reports.push_back(std::move(report));
    bar.show(reports.size(), photos.size());
  }
  return reports;
}

// Adds the photos themselves to the reports, for the store to keep sealed.
Status add_bytes(json& reports, const std::vector<std::string>& photos) {
  std::size_t total = 0;
  for (std::size_t i = 0; i < photos.size(); ++i) {
    MAITRED_ASSIGN(const auto bytes, read_file(photos[i], std::size_t{16} << 20));
    total += bytes.size();
    reports[i]["bytes"] = to_base64(bytes);
  }
  if (total <= kKeptPhotosLimitBytes) return {};
  return input_error("photos_too_large",
                     fmt::format("together the photos to keep may have {} MiB; give fewer, or "
                                 "smaller ones",
                                 kKeptPhotosLimitBytes >> 20));
}

Result<verbs::ConsentArgs> consent_of(const EnrolOptions& options) {
  verbs::ConsentArgs consent;
  consent.version = options.version;
  consent.reference = options.reference;
  consent.incentive = options.incentive;
  consent.purpose = options.purpose;
  consent.channel = options.channel;
  consent.taken_by = options.taken_by.empty() ? this_actor().name : options.taken_by;
  MAITRED_TRY(read_value("expires", options.expires, consent.expires));
  MAITRED_TRY(read_value("scopes", options.scopes, consent.scopes));
  return consent;
}

Result<Answer> enrol(Session& session, const EnrolOptions& options) {
  verbs::EnrolArgs customer;
  customer.name = options.name;
  customer.loyalty = options.loyalty;
  customer.tier = options.tier;
  customer.note = options.note;
  customer.external = options.external;
  customer.allow_duplicate = options.allow_duplicate;
  MAITRED_ASSIGN(customer.preferences, read_preferences(options.preferences));
  MAITRED_ASSIGN(customer.consent, consent_of(options));
  json args = json_of(customer);
  // Consent comes first: no face may be processed before the consent is known to be valid.
  MAITRED_TRY(session.ask("check_enrolment", args));
  if (options.camera.empty()) {
    MAITRED_ASSIGN(args["photos"], probe_photos(session, options.photos));
  } else {
    MAITRED_ASSIGN(args["photos"], photos_of_camera(session, {options.camera, options.seconds,
                                                              PhotoPurpose::kEnrol}));
  }
  if (options.keep_photos) MAITRED_TRY(add_bytes(args["photos"], options.photos));
  Answer answer;
  MAITRED_ASSIGN(answer.object, session.ask("enroll", args));
  answer.text = fmt::format("Enrolled {} with {} template(s).\n", answer.object.value("id", ""),
                            answer.object.value("templates", 0));
  for (const json& warning : answer.object.value("warnings", json::array())) {
    answer.text += fmt::format("Warning: {}\n", warning.get<std::string>());
  }
  return answer;
}

void add_enrol(CommandLine& line) {
  auto options = std::make_shared<EnrolOptions>();
  CLI::App* verb = add_verb(line, "enroll", "Enrol a customer who has asked to be recognised");
  verb->add_option("--name", options->name, "Name, as staff should use it")->required();
  verb->add_option("--photo", options->photos, "Photo with one face; three are better than one")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  auto* camera = verb->add_option("--camera", options->camera,
                                  "Take pictures of the person in front of this camera instead");
  verb->add_option("--seconds", options->seconds, "How long the camera looks (default: 5)")
      ->check(CLI::Range(0.5, 120.0))
      ->needs(camera);
  verb->add_option("--consent-version", options->version, "Version of the consent text agreed to");
  verb->add_option("--consent-ref", options->reference, "Where the evidence of consent is kept");
  verb->add_option("--scope", options->scopes,
                   "What the consent covers: recognition (always), history, feedback, sentiment, "
                   "template-improvement, photos")
      ->delimiter(',');
  verb->add_option("--expires", options->expires, "Date the consent ends, 2027-11-22");
  verb->add_option("--loyalty", options->loyalty, "Id in the loyalty programme");
  verb->add_option("--tier", options->tier, "Tier in the loyalty programme");
  verb->add_option("--note", options->note, "What staff should know");
  verb->add_option("--external-id", options->external, "Id in another system, such as a CRM");
  verb->add_option("--incentive", options->incentive, "What was given for the consent");
  verb->add_option("--purpose", options->purpose, "What the data is for, in the shop's words");
  verb->add_option("--channel", options->channel, "How consent was given: paper form, tablet");
  verb->add_option("--operator", options->taken_by, "Who took it (default: your user)");
  verb->add_option("--preference", options->preferences, "KEY=VALUE; may be repeated")
      ->allow_extra_args(false)
      ->take_all();
  verb->add_flag("--keep-photos", options->keep_photos,
                 "Keep the photos, sealed (needs scope photos)");
  verb->add_flag("--allow-duplicate", options->allow_duplicate,
                 "Enrol although the face looks like an enrolled one (twins)");
  verb->callback([&line, options] {
    if (options->photos.empty() == options->camera.empty()) {
      throw CLI::ValidationError("give --photo, or --camera, and not both");
    }
    if (!options->camera.empty() && options->keep_photos) {
      throw CLI::ValidationError("--keep-photos needs --photo: pictures of a camera are not kept");
    }
    line.run = [&line, options] { return enrol(line.session, *options); };
  });
}

struct ListOptions {
  std::size_t limit = 0;  // 0: all
  std::uint64_t after = 0;
};

// Asks for page after page, so that the core can match in between.
Result<Answer> list(Session& session, const ListOptions& options) {
  constexpr std::size_t kPage = 500;
  session.keep_store_open();
  Answer answer;
  json customers = json::array();
  json next = options.after;
  while (!next.is_null()) {
    const std::size_t left = options.limit == 0 ? kPage : options.limit - customers.size();
    const verbs::ListArgs args{next.get<std::uint64_t>(), std::min(kPage, left)};
    MAITRED_ASSIGN(const json page, session.ask("list", args));
    for (const json& customer : page["customers"]) customers.push_back(customer);
    next = page.value("next", json());
    if (options.limit == 0 || customers.size() < options.limit) continue;
    if (!next.is_null()) answer.object["next"] = next;
    break;
  }
  answer.object["customers"] = std::move(customers);
  answer.text = customers_text(answer.object);
  return answer;
}

void add_list_and_show(CommandLine& line) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* all = add_verb(line, "list", "List customers, in order of enrolment");
  all->add_option("--limit", options->limit, "Maximum number of customers")
      ->check(CLI::PositiveNumber);
  all->add_option("--after", options->after,
                  "Start after this row: \"next\" of an earlier --json answer");
  all->callback(
      [&line, options] { line.run = [&line, options] { return list(line.session, *options); }; });
  auto id = std::make_shared<std::string>();
  CLI::App* show = add_verb(line, "show", "Show one customer");
  show->add_option("ID", *id, "Customer id, loyalty:ID or external:ID")->required();
  show->callback([&line, id] {
    line.run = [&line, id]() -> Result<Answer> {
      Answer answer;
      MAITRED_ASSIGN(answer.object, line.session.ask("show", verbs::ShowArgs{*id}));
      answer.text = customer_text(answer.object);
      return answer;
    };
  });
}

struct UpdateOptions {
  std::string id;
  std::string name, loyalty, tier, note, external;
  std::vector<std::string> preferences, dropped, photos;
  bool reset_threshold = false;
  bool forget_learned = false;
  bool keep_photos = false;
};

Result<Answer> update(Session& session, const CLI::App& verb, const UpdateOptions& options) {
  verbs::UpdateArgs changes;
  changes.id.value = options.id;
  changes.drop_preferences = options.dropped;
  changes.reset_threshold = options.reset_threshold;
  changes.forget_learned = options.forget_learned;
  if (verb.count("--name") > 0) changes.name = options.name;
  if (verb.count("--loyalty") > 0) changes.loyalty = options.loyalty;
  if (verb.count("--tier") > 0) changes.tier = options.tier;
  if (verb.count("--note") > 0) changes.note = options.note;
  if (verb.count("--external-id") > 0) changes.external = options.external;
  MAITRED_ASSIGN(changes.preferences, read_preferences(options.preferences));
  json args = json_of(changes);
  if (!options.photos.empty()) {
    MAITRED_ASSIGN(args["photos"], probe_photos(session, options.photos));
    if (options.keep_photos) MAITRED_TRY(add_bytes(args["photos"], options.photos));
  }
  Answer answer;
  MAITRED_ASSIGN(answer.object, session.ask("update", args));
  answer.text = fmt::format("Updated {}.\n", options.id);
  return answer;
}

void add_update(CommandLine& line) {
  auto options = std::make_shared<UpdateOptions>();
  CLI::App* verb = add_verb(line, "update", "Change name, loyalty id, preferences or photos");
  verb->add_option("ID", options->id, "Customer id")->required();
  verb->add_option("--name", options->name, "New name");
  verb->add_option("--loyalty", options->loyalty, "New loyalty id; \"\" for none");
  verb->add_option("--tier", options->tier, "New tier; \"\" for none");
  verb->add_option("--note", options->note, "New note for staff; \"\" for none");
  verb->add_option("--external-id", options->external, "New id in another system");
  verb->add_option("--preference", options->preferences, "KEY=VALUE to set; may be repeated")
      ->allow_extra_args(false)
      ->take_all();
  verb->add_option("--drop-preference", options->dropped, "KEY to remove; may be repeated")
      ->allow_extra_args(false)
      ->take_all();
  auto* photo = verb->add_option("--photo", options->photos,
                                 "New photo(s); their templates replace the old ones")
                    ->allow_extra_args(false)
                    ->take_all();
  verb->add_flag("--keep-photos", options->keep_photos,
                 "Keep the new photos, sealed, instead of the kept ones (needs scope photos)")
      ->needs(photo);
  verb->add_flag("--forget-learned", options->forget_learned,
                 "Delete the templates of confirmed visits; keep those of the photos");
  verb->add_flag("--reset-threshold", options->reset_threshold,
                 "Undo the raised threshold after wrong-person reports");
  verb->callback([&line, verb, options] {
    line.run = [&line, verb, options] { return update(line.session, *verb, *options); };
  });
}

struct NoteOptions {
  std::string id, text, item, status, date, at, with, external;
};

// The verbs ask, purchase and appointment differ only in their fields.
template <class Args>
Result<Answer> note(Session& session, std::string_view verb, const Args& args) {
  Answer answer;
  MAITRED_ASSIGN(answer.object, session.ask(verb, args));
  answer.text =
      fmt::format("Noted {} {} of {}.\n", verb, answer.object.value("number", 0), args.id.value);
  return answer;
}

Result<Answer> purchase(Session& session, const NoteOptions& options) {
  verbs::PurchaseArgs args{
      CustomerId(options.id), options.item, options.status, {}, options.external};
  MAITRED_TRY(read_value("date", options.date, args.date));
  return note(session, "purchase", args);
}

Result<Answer> appointment(Session& session, const NoteOptions& options) {
  verbs::AppointmentArgs args{CustomerId(options.id), {}, options.with, options.external};
  MAITRED_TRY(read_value("at", options.at, args.at));
  return note(session, "appointment", args);
}

void add_notes(CommandLine& line) {
  auto options = std::make_shared<NoteOptions>();
  CLI::App* ask = add_verb(line, "ask", "Note what a customer wants advice on");
  ask->add_option("ID", options->id, "Customer id")->required();
  ask->add_option("TEXT", options->text, "The customer's own words")->required();
  ask->add_option("--item", options->item, "SKU it is about");
  ask->callback([&line, options] {
    line.run = [&line, options] {
      return note(
          line.session, "ask",
          verbs::AskArgs{CustomerId(options->id), options->text, options->item, options->external});
    };
  });
  CLI::App* bought = add_verb(line, "purchase", "Note a purchase, or what was out of stock");
  bought->add_option("ID", options->id, "Customer id")->required();
  bought->add_option("--item", options->item, "SKU or name")->required();
  bought->add_option("--status", options->status, "bought, out_of_stock or returned")
      ->required()
      ->check(CLI::IsMember({"bought", "out_of_stock", "returned"}));
  bought->add_option("--date", options->date, "Date or time (default: now)");
  bought->callback([&line, options] {
    line.run = [&line, options] { return purchase(line.session, *options); };
  });
  CLI::App* booked = add_verb(line, "appointment", "Note a booked visit");
  booked->add_option("ID", options->id, "Customer id")->required();
  booked->add_option("--at", options->at, "Time, like 2026-11-22T10:30Z")->required();
  booked->add_option("--with", options->with, "Name of the advisor")->required();
  for (CLI::App* verb : {ask, bought, booked}) {
    verb->add_option("--external-id", options->external,
                     "Id in another system; a note with a known id is not added again");
  }
  booked->callback([&line, options] {
    line.run = [&line, options] { return appointment(line.session, *options); };
  });
}

}  // namespace

CLI::App* add_verb(CommandLine& line, const std::string& name, const std::string& description) {
  CLI::App* verb = line.app.add_subcommand(name, description);
  verb->fallthrough();
  return verb;
}

void add_customer_verbs(CommandLine& line) {
  add_verb(line, "init", "Create the key and an empty store")->callback([&line] {
    line.run = [&line] { return init(line.session); };
  });
  add_enrol(line);
  add_list_and_show(line);
  add_update(line);
  add_notes(line);
}

}  // namespace maitred
