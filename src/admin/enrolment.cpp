#include "maitred/admin/enrolment.h"

#include <fmt/format.h>

#include <algorithm>

#include "maitred/admin/consent.h"
#include "maitred/admin/views.h"
#include "maitred/base/file.h"
#include "maitred/shop/consent/consent.h"

namespace maitred::verbs {
namespace {

using Photos = std::vector<std::vector<std::uint8_t>>;

Result<NewCustomer> new_customer_of(const EnrolArgs& args, WallTime now) {
  NewCustomer customer;
  customer.profile = {args.name, args.loyalty, args.preferences,
                      args.tier, args.note,    args.external};
  Consent& consent = customer.consent;
  consent.version = args.consent.version;
  consent.reference = args.consent.reference;
  consent.incentive = args.consent.incentive;
  consent.purpose = args.consent.purpose;
  consent.channel = args.consent.channel;
  consent.taken_by = args.consent.taken_by;
  consent.expires = args.consent.expires;
  consent.scopes = args.consent.scopes;
  consent.scopes.insert(Scope::kRecognition);
  consent.granted = now;
  MAITRED_TRY(check_new_consent(consent, now));
  return customer;
}

// The photos that are to be kept.
Result<Photos> photos_to_keep(const std::vector<PhotoReport>& reports, const Consent& consent) {
  Photos photos;
  for (const PhotoReport& report : reports) {
    if (!report.base64) continue;
    if (!consent.scopes.contains(Scope::kPhotos)) {
      return input_error("scope_missing",
                         "keeping photos needs the customer's consent: add --scope photos");
    }
    MAITRED_ASSIGN(photos.emplace_back(), from_base64(*report.base64));
  }
  return photos;
}

// Error: external_taken (kInput) if another customer than `by` has the id.
Status check_external(Shop& shop, const std::string& external, const CustomerId& by) {
  if (external.empty()) return {};
  MAITRED_ASSIGN(const auto holder, shop.by_external(external));
  if (!holder || *holder == by) return {};
  return input_error("external_taken",
                     fmt::format("this external id belongs to customer {} already: update that "
                                 "customer instead",
                                 holder->value));
}

Result<std::vector<Template>> templates_for(Shop& shop, const std::vector<PhotoReport>& photos) {
  MAITRED_ASSIGN(const Recognition* recognition, shop.recognition());
  return templates_of(photos, recognition->engine(), recognition->template_length());
}

// Customers who look like the new one. Errors: photo_outlier, face_enrolled (kInput).
Result<std::vector<CustomerId>> compare_with_gallery(Shop& shop, const NewCustomer& customer,
                                                     bool allow_duplicate) {
  MAITRED_ASSIGN(Recognition * recognition, shop.recognition());
  MAITRED_ASSIGN(const auto outlier, recognition->outlier_of(customer.templates));
  if (outlier) {
    return input_error("photo_outlier",
                       fmt::format("photo {} does not look like the other{}; give photos of one "
                                   "person only",
                                   *outlier + 1, customer.templates.size() > 2 ? "s" : ""));
  }
  MAITRED_ASSIGN(const auto twin, recognition->duplicate_of(customer.templates));
  if (twin && !allow_duplicate) {
    return input_error("face_enrolled",
                       fmt::format("this face is enrolled already, as customer {}; for twins use "
                                   "--allow-duplicate",
                                   twin->value));
  }
  MAITRED_ASSIGN(auto lookalikes, recognition->lookalikes_of(customer.templates));
  // A small gallery has a lower bound for duplicates than for look-alikes.
  if (twin && std::find(lookalikes.begin(), lookalikes.end(), *twin) == lookalikes.end()) {
    lookalikes.insert(lookalikes.begin(), *twin);
  }
  return lookalikes;
}

Profile changed_profile(const Profile& before, const UpdateArgs& args) {
  Profile profile = before;
  profile.name = args.name.value_or(before.name);
  profile.loyalty = args.loyalty.value_or(before.loyalty);
  profile.tier = args.tier.value_or(before.tier);
  profile.note = args.note.value_or(before.note);
  profile.external = args.external.value_or(before.external);
  for (const auto& [key, value] : args.preferences) profile.preferences[key] = value;
  for (const std::string& key : args.drop_preferences) profile.preferences.erase(key);
  return profile;
}

}  // namespace

Result<CheckEnrolmentAnswer> check_enrolment(Shop& shop, const EnrolArgs& args,
                                             const Actor& actor) {
  if (!args.external.empty() && args.resume) {
    MAITRED_ASSIGN(const auto known, shop.by_external(args.external));
    if (known) return CheckEnrolmentAnswer{*known};
  }
  MAITRED_TRY(check_external(shop, args.external, {}));
  MAITRED_TRY(new_customer_of(args, actor.at));
  if (!args.loyalty.empty()) {
    MAITRED_ASSIGN(const auto taken, shop.store().customers().by_loyalty(args.loyalty));
    if (taken) {
      return input_error(
          "loyalty_taken",
          fmt::format("this loyalty id belongs to customer {} already", taken->value));
    }
  }
  return CheckEnrolmentAnswer{};
}

Result<EnrolAnswer> enrol(Shop& shop, const EnrolArgs& args, const Actor& actor) {
  MAITRED_ASSIGN(NewCustomer customer, new_customer_of(args, actor.at));
  MAITRED_ASSIGN(customer.templates, templates_for(shop, args.photos));
  MAITRED_ASSIGN(customer.photos, photos_to_keep(args.photos, customer.consent));
  MAITRED_TRY(check_external(shop, customer.profile.external, {}));
  EnrolAnswer answer;
  MAITRED_ASSIGN(answer.lookalikes, compare_with_gallery(shop, customer, args.allow_duplicate));
  for (const CustomerId& other : answer.lookalikes) {
    answer.warnings.push_back(fmt::format(
        "looks like customer {}: only a clear match of either raises an alert", other.value));
  }
  MAITRED_TRY(warn_of_missing_text(shop, customer.consent.version, answer.warnings));
  if (customer.templates.size() < 3) {
    answer.warnings.push_back("fewer than three photos: a customer is missed more often");
  }
  for (const PhotoReport& report : args.photos) {
    answer.quality.push_back(report.quality);
    answer.warnings.insert(answer.warnings.end(), report.warnings.begin(), report.warnings.end());
  }
  answer.templates = customer.templates.size();
  MAITRED_ASSIGN(answer.id, shop.store().customers().enrol(customer, actor));
  MAITRED_TRY(shop.customer_changed(answer.id));
  return answer;
}

Result<ListAnswer> list(Shop& shop, const ListArgs& args, const Actor&) {
  MAITRED_ASSIGN(const auto summaries, shop.store().customers().list({args.after, args.limit}));
  ListAnswer answer;
  for (const CustomerSummary& one : summaries) answer.customers.push_back(admin_row(one));
  if (args.limit != 0 && summaries.size() == args.limit) answer.next = summaries.back().row;
  return answer;
}

Result<ShowAnswer> show(Shop& shop, const ShowArgs& args, const Actor& actor) {
  MAITRED_ASSIGN(const CustomerId id, shop.customer_named(args.id));
  const Customers& customers = shop.store().customers();
  MAITRED_ASSIGN(const Customer customer, customers.find(id));
  HeldCounts counts;
  MAITRED_ASSIGN(const auto templates, customers.templates(id));
  counts.templates = templates.size();
  MAITRED_ASSIGN(counts.photos, customers.photo_count(id));
  MAITRED_ASSIGN(counts.learned, customers.learned_count(id));
  return ShowAnswer{admin_view(customer, counts, actor.at)};
}

Result<ShowAnswer> update(Shop& shop, const UpdateArgs& args, const Actor& actor) {
  Customers& customers = shop.store().customers();
  MAITRED_ASSIGN(const Customer customer, customers.find(args.id));
  if (args.name && args.name->empty()) return field_must_be("name", "given");
  const Profile profile = changed_profile(customer.profile, args);
  if (args.external) MAITRED_TRY(check_external(shop, profile.external, args.id));
  std::vector<Template> templates;
  Photos photos;
  if (!args.photos.empty()) {
    MAITRED_ASSIGN(photos, photos_to_keep(args.photos, customer.consent));
    if (!may(customer.consent, Scope::kRecognition, actor.at)) {
      return input_error("consent_missing",
                         "the consent of this customer has ended; renew it before a new photo is "
                         "read");
    }
    MAITRED_ASSIGN(templates, templates_for(shop, args.photos));
  }
  MAITRED_TRY(shop.store().together([&]() -> Status {
    MAITRED_TRY(customers.update_profile(args.id, profile, actor));
    if (args.reset_threshold) MAITRED_TRY(shop.vigilance().reset_threshold(args.id, actor));
    if (args.forget_learned) MAITRED_TRY(customers.forget_learned(args.id, actor));
    if (templates.empty()) return {};
    // The kept photos are always those the templates were made from.
    MAITRED_ASSIGN(const std::uint64_t kept, customers.photo_count(args.id));
    if (kept > 0 || !photos.empty()) {
      MAITRED_TRY(customers.replace_photos(args.id, photos, actor));
    }
    return customers.replace_templates(args.id, templates, actor, Customers::OtherEngines::kGo);
  }));
  MAITRED_TRY(shop.customer_changed(args.id));
  return show(shop, {args.id.value}, actor);
}

Result<ResumeAnswer> resume(Shop& shop, const ResumeArgs& args, const Actor& actor) {
  ResumeAnswer answer;
  if (!args.camera.empty()) {
    MAITRED_TRY(shop.vigilance().lift_camera(args.camera, actor));
    answer.camera = args.camera;
    return answer;
  }
  if (args.id.empty()) return field_must_be("id", "given");
  MAITRED_TRY(shop.vigilance().lift_customer(args.id, actor));
  MAITRED_TRY(shop.customer_changed(args.id));
  answer.id = args.id;
  return answer;
}

std::vector<Verb> enrolment_verbs() {
  return {at_once<EnrolArgs>("check_enrolment", check_enrolment),
          at_once<EnrolArgs>("enroll", enrol),
          at_once<ListArgs>("list", list),
          at_once<ShowArgs>("show", show),
          at_once<UpdateArgs>("update", update),
          at_once<ResumeArgs>("resume", resume)};
}

}  // namespace maitred::verbs
