// Enrolment and what staff should know of a customer.
#include "maitred/admin/admin.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>

#include "maitred/admin/admin_fields.h"
#include "maitred/admin/views.h"
#include "maitred/base/file.h"
#include "maitred/shop/consent/consent.h"

namespace maitred {

using nlohmann::json;

Admin::Admin(Shop& shop)
    : shop_(shop),
      verbs_{{"check_enrolment", &Admin::check_enrolment},
             {"enroll", &Admin::enrol},
             {"list", &Admin::list},
             {"show", &Admin::show},
             {"update", &Admin::update},
             {"resume", &Admin::resume},
             {"engine_members", &Admin::engine_members},
             {"kept_photos", &Admin::kept_photos},
             {"reembed", &Admin::reembed},
             {"ask", &Admin::ask},
             {"purchase", &Admin::purchase},
             {"appointment", &Admin::appointment},
             {"note", &Admin::note},
             {"consent_show", &Admin::consent_show},
             {"consent_renew", &Admin::consent_renew},
             {"consent_withdraw", &Admin::consent_withdraw},
             {"consent_receipt", &Admin::consent_receipt},
             {"consent_text_add", &Admin::consent_text_add},
             {"consent_text_list", &Admin::consent_text_list},
             {"consent_text_show", &Admin::consent_text_show},
             {"forget", &Admin::forget},
             {"receipt", &Admin::receipt},
             {"export", &Admin::export_customer},
             {"identify", &Admin::identify},
             {"verify", &Admin::verify},
             {"visits", &Admin::visits},
             {"alerts", &Admin::alerts},
             {"feedback", &Admin::feedback},
             {"report", &Admin::report},
             {"audit", &Admin::audit},
             {"audit_verify", &Admin::audit_verify},
             {"restore", &Admin::restore},
             {"backup_fetched", &Admin::backup_fetched},
             {"key_slots", &Admin::key_slots},
             {"key_slot_add", &Admin::key_slot_add},
             {"key_slot_remove", &Admin::key_slot_remove},
             {"staff_add", &Admin::staff_add},
             {"staff_revoke", &Admin::staff_revoke},
             {"staff_list", &Admin::staff_list},
             {"rule_list", &Admin::rule_list},
             {"rule_test", &Admin::rule_test},
             {"status", &Admin::status}} {}

Result<json> Admin::run(std::string_view verb, const json& args, const Actor& actor) {
  const auto found = verbs_.find(verb);
  if (found == verbs_.end()) {
    return input_error("bad_usage",
                       "the daemon does not know this verb; are both programs of one "
                       "version?");
  }
  try {
    return (this->*found->second)(args, actor);
  } catch (const json::exception&) {
    return input_error("bad_usage", fmt::format("a field of '{}' has the wrong type", verb));
  }
}

namespace {

Result<NewCustomer> read_enrolment(const json& args, WallTime now) {
  NewCustomer customer;
  MAITRED_ASSIGN(customer.profile.name, needed_text(args, "name"));
  MAITRED_ASSIGN(customer.profile.loyalty, text_field(args, "loyalty"));
  MAITRED_ASSIGN(customer.profile.preferences, map_field(args, "preferences"));
  MAITRED_ASSIGN(customer.profile.tier, text_field(args, "tier"));
  MAITRED_ASSIGN(customer.profile.note, text_field(args, "note"));
  MAITRED_ASSIGN(customer.profile.external, text_field(args, "external"));
  const json fields = args.value("consent", json::object());
  Consent& consent = customer.consent;
  MAITRED_ASSIGN(consent.version, text_field(fields, "version"));
  MAITRED_ASSIGN(consent.reference, text_field(fields, "reference"));
  MAITRED_ASSIGN(consent.incentive, text_field(fields, "incentive"));
  MAITRED_ASSIGN(consent.purpose, text_field(fields, "purpose"));
  MAITRED_ASSIGN(consent.channel, text_field(fields, "channel"));
  MAITRED_ASSIGN(consent.taken_by, text_field(fields, "operator"));
  MAITRED_ASSIGN(consent.expires, time_field(fields, "expires"));
  MAITRED_ASSIGN(consent.scopes, scopes_field(fields));
  consent.scopes.insert(Scope::kRecognition);
  consent.granted = now;
  MAITRED_TRY(check_new_consent(consent, now));
  return customer;
}

Result<std::vector<std::vector<std::uint8_t>>> read_photos(const json& args,
                                                           const Consent& consent) {
  std::vector<std::vector<std::uint8_t>> photos;
  for (const json& report : args.at("photos")) {
    if (!report.contains("bytes")) continue;
    if (!consent.scopes.contains(Scope::kPhotos)) {
      return input_error("scope_missing",
                         "keeping photos needs the customer's consent: add --scope photos");
    }
    MAITRED_ASSIGN(auto bytes, from_base64(report["bytes"].get<std::string>()));
    photos.push_back(std::move(bytes));
  }
  return photos;
}

}  // namespace

Status Admin::check_external(const std::string& external, const CustomerId& by) {
  if (external.empty()) return {};
  MAITRED_ASSIGN(const auto holder, shop_.by_external(external));
  if (!holder || *holder == by) return {};
  return input_error("external_taken",
                     fmt::format("this external id belongs to customer {} already: update that "
                                 "customer instead",
                                 holder->value));
}

// Everything that can be refused before a face is looked at. With "resume", a customer of this
// external id is no error, but named as "known".
Result<json> Admin::check_enrolment(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const std::string external, text_field(args, "external"));
  if (!external.empty() && args.value("resume", false)) {
    MAITRED_ASSIGN(const auto known, shop_.by_external(external));
    if (known) return json{{"known", known->value}};
  }
  MAITRED_TRY(check_external(external, {}));
  MAITRED_ASSIGN(const NewCustomer customer, read_enrolment(args, actor.at));
  if (!customer.profile.loyalty.empty()) {
    MAITRED_ASSIGN(const auto taken,
                   shop_.store().customers().by_loyalty(customer.profile.loyalty));
    if (taken) {
      return input_error(
          "loyalty_taken",
          fmt::format("this loyalty id belongs to customer {} already", taken->value));
    }
  }
  return json::object();
}

Result<json> Admin::enrol(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(NewCustomer customer, read_enrolment(args, actor.at));
  MAITRED_ASSIGN(Recognition * recognition, shop_.recognition());
  MAITRED_ASSIGN(customer.templates,
                 templates_field(args, recognition->engine(), recognition->template_length()));
  MAITRED_ASSIGN(customer.photos, read_photos(args, customer.consent));
  MAITRED_TRY(check_external(customer.profile.external, {}));
  json warnings = json::array();
  MAITRED_ASSIGN(const auto outlier, recognition->outlier_of(customer.templates));
  if (outlier) {
    return input_error("photo_outlier",
                       fmt::format("photo {} does not look like the other{}; give photos of one "
                                   "person only",
                                   *outlier + 1, customer.templates.size() > 2 ? "s" : ""));
  }
  MAITRED_ASSIGN(const auto twin, recognition->duplicate_of(customer.templates));
  if (twin && !args.value("allow_duplicate", false)) {
    return input_error("face_enrolled",
                       fmt::format("this face is enrolled already, as customer {}; for twins use "
                                   "--allow-duplicate",
                                   twin->value));
  }
  MAITRED_ASSIGN(auto lookalikes, recognition->lookalikes_of(customer.templates));
  // In a small gallery less makes a duplicate than a look-alike.
  if (twin && std::find(lookalikes.begin(), lookalikes.end(), *twin) == lookalikes.end()) {
    lookalikes.insert(lookalikes.begin(), *twin);
  }
  json alike = json::array();
  for (const CustomerId& other : lookalikes) {
    alike.push_back(other.value);
    warnings.push_back(fmt::format(
        "looks like customer {}: of the two only a clear match is alerted", other.value));
  }
  MAITRED_TRY(warn_of_missing_text(customer.consent.version, warnings));
  if (customer.templates.size() < 3) {
    warnings.push_back("fewer than three photos: a customer is missed more often");
  }
  json quality = json::array();
  for (const json& report : args["photos"]) {
    quality.push_back(report.value("quality", json::object()));
    for (const json& warning : report.value("warnings", json::array())) warnings.push_back(warning);
  }
  const std::size_t templates = customer.templates.size();
  MAITRED_ASSIGN(const CustomerId id, shop_.store().customers().enrol(customer, actor));
  MAITRED_TRY(shop_.customer_changed(id));
  return json{{"id", id.value},
              {"templates", templates},
              {"quality", std::move(quality)},
              {"lookalikes", std::move(alike)},
              {"warnings", std::move(warnings)}};
}

// With "limit" a page; "next" is the "after" of the one that follows.
Result<json> Admin::list(const json& args, const Actor&) {
  const CustomerPage page{args.value("after", std::uint64_t{0}),
                          args.value("limit", std::size_t{0})};
  MAITRED_ASSIGN(const auto summaries, shop_.store().customers().list(page));
  json customers = json::array();
  for (const CustomerSummary& one : summaries) customers.push_back(admin_row(one));
  json object{{"customers", std::move(customers)}};
  if (page.limit != 0 && summaries.size() == page.limit) object["next"] = summaries.back().row;
  return object;
}

Result<json> Admin::show(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const std::string reference, needed_text(args, "id"));
  MAITRED_ASSIGN(const CustomerId id, shop_.customer_named(reference));
  MAITRED_ASSIGN(const Customer customer, shop_.store().customers().find(id));
  HeldCounts counts;
  MAITRED_ASSIGN(const auto templates, shop_.store().customers().templates(id));
  counts.templates = templates.size();
  MAITRED_ASSIGN(counts.photos, shop_.store().customers().photo_count(id));
  MAITRED_ASSIGN(counts.learned, shop_.store().customers().learned_count(id));
  return admin_view(customer, counts, actor.at);
}

Result<json> Admin::resume(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const std::string camera, text_field(args, "camera"));
  if (!camera.empty()) {
    MAITRED_TRY(shop_.vigilance().lift_camera(camera, actor));
    return json{{"resumed", true}, {"camera", camera}};
  }
  MAITRED_ASSIGN(const CustomerId id, id_field(args));
  MAITRED_TRY(shop_.vigilance().lift_customer(id, actor));
  MAITRED_TRY(shop_.customer_changed(id));
  return json{{"resumed", true}, {"id", id.value}};
}

Result<json> Admin::update(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const CustomerId id, id_field(args));
  MAITRED_ASSIGN(const Customer customer, shop_.store().customers().find(id));
  Profile profile = customer.profile;
  if (args.contains("name")) {
    MAITRED_ASSIGN(profile.name, needed_text(args, "name"));
  }
  if (args.contains("loyalty")) {
    MAITRED_ASSIGN(profile.loyalty, text_field(args, "loyalty"));
  }
  if (args.contains("tier")) {
    MAITRED_ASSIGN(profile.tier, text_field(args, "tier"));
  }
  if (args.contains("note")) {
    MAITRED_ASSIGN(profile.note, text_field(args, "note"));
  }
  if (args.contains("external")) {
    MAITRED_ASSIGN(profile.external, text_field(args, "external"));
    MAITRED_TRY(check_external(profile.external, id));
  }
  MAITRED_ASSIGN(auto preferences, map_field(args, "preferences"));
  preferences.merge(profile.preferences);
  MAITRED_ASSIGN(const auto dropped, list_field(args, "drop_preferences"));
  for (const std::string& key : dropped) preferences.erase(key);
  profile.preferences = std::move(preferences);
  std::vector<Template> templates;
  std::vector<std::vector<std::uint8_t>> photos;
  if (args.contains("photos")) {
    MAITRED_ASSIGN(photos, read_photos(args, customer.consent));
    if (!may(customer.consent, Scope::kRecognition, actor.at)) {
      return input_error("consent_missing",
                         "the consent of this customer has ended; renew it "
                         "before a new photo is read");
    }
    MAITRED_ASSIGN(Recognition * recognition, shop_.recognition());
    MAITRED_ASSIGN(templates,
                   templates_field(args, recognition->engine(), recognition->template_length()));
  }
  MAITRED_TRY(shop_.store().together([&]() -> Status {
    MAITRED_TRY(shop_.store().customers().update_profile(id, profile, actor));
    if (args.value("reset_threshold", false)) {
      MAITRED_TRY(shop_.vigilance().reset_threshold(id, actor));
    }
    if (args.value("forget_learned", false)) {
      MAITRED_TRY(shop_.store().customers().forget_learned(id, actor));
    }
    if (templates.empty()) return {};
    // Photos that are kept are those of the templates.
    MAITRED_ASSIGN(const std::uint64_t kept, shop_.store().customers().photo_count(id));
    if (kept > 0 || !photos.empty()) {
      MAITRED_TRY(shop_.store().customers().replace_photos(id, photos, actor));
    }
    return shop_.store().customers().replace_templates(id, templates, actor,
                                                       Customers::OtherEngines::kGo);
  }));
  MAITRED_TRY(shop_.customer_changed(id));
  return show(args, actor);
}

namespace {

// The entry that came with this id before, if one did: what comes twice is noted once.
template <class Entry>
std::optional<json> noted_before(const std::vector<Entry>& entries, const std::string& external,
                                 const CustomerId& id) {
  if (external.empty()) return std::nullopt;
  for (const Entry& entry : entries) {
    if (entry.external != external) continue;
    return json{{"id", id.value}, {"number", entry.number}, {"known", true}};
  }
  return std::nullopt;
}

}  // namespace

Result<json> Admin::ask(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const CustomerId id, id_field(args));
  Ask ask;
  MAITRED_ASSIGN(ask.text, needed_text(args, "text"));
  MAITRED_ASSIGN(ask.item, text_field(args, "item"));
  ask.at = actor.at;
  MAITRED_ASSIGN(ask.external, text_field(args, "external"));
  MAITRED_ASSIGN(const Customer customer, shop_.store().customers().find(id));
  if (auto before = noted_before(customer.asks, ask.external, id)) return std::move(*before);
  MAITRED_ASSIGN(ask, shop_.store().customers().add_ask(id, std::move(ask), actor));
  return json{{"id", id.value}, {"number", ask.number}};
}

Result<json> Admin::purchase(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const CustomerId id, id_field(args));
  Purchase purchase;
  MAITRED_ASSIGN(purchase.item, needed_text(args, "item"));
  MAITRED_ASSIGN(purchase.status, needed_text(args, "status"));
  if (purchase.status != "bought" && purchase.status != "out_of_stock" &&
      purchase.status != "returned") {
    return input_error("bad_usage", "'status' must be bought, out_of_stock or returned");
  }
  MAITRED_ASSIGN(const auto date, time_field(args, "date"));
  purchase.date = date.value_or(actor.at);
  MAITRED_ASSIGN(purchase.external, text_field(args, "external"));
  MAITRED_ASSIGN(const Customer customer, shop_.store().customers().find(id));
  if (auto before = noted_before(customer.purchases, purchase.external, id)) {
    return std::move(*before);
  }
  MAITRED_ASSIGN(purchase, shop_.store().customers().add_purchase(id, std::move(purchase), actor));
  return json{{"id", id.value}, {"number", purchase.number}};
}

Result<json> Admin::appointment(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const CustomerId id, id_field(args));
  Appointment appointment;
  MAITRED_ASSIGN(appointment.with, needed_text(args, "with"));
  MAITRED_ASSIGN(const auto at, time_field(args, "at"));
  if (!at) return input_error("bad_usage", "'at' must be given, like 2026-11-22T10:30Z");
  appointment.at = *at;
  MAITRED_ASSIGN(appointment.external, text_field(args, "external"));
  MAITRED_ASSIGN(const Customer customer, shop_.store().customers().find(id));
  if (auto before = noted_before(customer.appointments, appointment.external, id)) {
    return std::move(*before);
  }
  MAITRED_ASSIGN(appointment,
                 shop_.store().customers().add_appointment(id, std::move(appointment), actor));
  return json{{"id", id.value}, {"number", appointment.number}};
}

// One row of a file of purchases, asks and appointments.
Result<json> Admin::note(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const std::string reference, needed_text(args, "customer"));
  MAITRED_ASSIGN(const std::string kind, needed_text(args, "kind"));
  MAITRED_ASSIGN(const CustomerId id, shop_.customer_named(reference));
  json note = args;
  note["id"] = id.value;
  if (kind == "ask") return ask(note, actor);
  if (kind == "purchase") return purchase(note, actor);
  if (kind == "appointment") return appointment(note, actor);
  return input_error("bad_usage", "'kind' must be ask, purchase or appointment");
}

}  // namespace maitred
