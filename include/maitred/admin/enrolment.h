// Verbs: enrolling customers, listing, showing and changing them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "maitred/admin/photo_reports.h"
#include "maitred/admin/verb.h"
#include "maitred/shop/desk/shop.h"

namespace maitred::verbs {

struct ConsentArgs {
  std::string version, reference, incentive, purpose, channel;
  std::string taken_by;
  std::optional<WallTime> expires;
  std::set<Scope> scopes;  // recognition is added

  static void describe(auto& fields, auto& it) {
    fields.optional("version", it.version);
    fields.optional("reference", it.reference);
    fields.optional("incentive", it.incentive);
    fields.optional("purpose", it.purpose);
    fields.optional("channel", it.channel);
    fields.optional("operator", it.taken_by);
    fields.optional("expires", it.expires);
    fields.optional("scopes", it.scopes);
  }
};

struct EnrolArgs {
  std::string name;
  std::string loyalty, tier, note, external;
  std::map<std::string, std::string> preferences;
  ConsentArgs consent;
  std::vector<PhotoReport> photos;
  bool allow_duplicate = false;
  bool resume = false;  // for check_enrolment: a known external id is no error

  static void describe(auto& fields, auto& it) {
    fields.needed("name", it.name);
    fields.optional("loyalty", it.loyalty);
    fields.optional("tier", it.tier);
    fields.optional("note", it.note);
    fields.optional("external", it.external);
    fields.optional("preferences", it.preferences);
    fields.optional("consent", it.consent);
    fields.optional("photos", it.photos);
    fields.optional("allow_duplicate", it.allow_duplicate);
    fields.optional("resume", it.resume);
  }
};

struct CheckEnrolmentAnswer {
  std::optional<CustomerId> known;  // with `resume`: the customer of this external id

  static void describe(auto& fields, auto& it) { fields.if_any("known", it.known); }
};

struct EnrolAnswer {
  CustomerId id;
  std::size_t templates = 0;
  std::vector<nlohmann::json> quality;  // of each photo, as the eye reports it
  std::vector<CustomerId> lookalikes;
  std::vector<std::string> warnings;

  static void describe(auto& fields, auto& it) {
    fields.needed("id", it.id);
    fields.needed("templates", it.templates);
    fields.needed("quality", it.quality);
    fields.needed("lookalikes", it.lookalikes);
    fields.needed("warnings", it.warnings);
  }
};

struct ListArgs {
  std::uint64_t after = 0;
  std::size_t limit = 0;  // 0: all

  static void describe(auto& fields, auto& it) {
    fields.optional("after", it.after);
    fields.optional("limit", it.limit);
  }
};

struct ListAnswer {
  std::vector<nlohmann::json> customers;  // admin_row
  std::optional<std::uint64_t> next;      // `after` of the following page

  static void describe(auto& fields, auto& it) {
    fields.needed("customers", it.customers);
    fields.if_any("next", it.next);
  }
};

struct ShowArgs {
  std::string id;  // ID, loyalty:ID or external:ID

  static void describe(auto& fields, auto& it) { fields.needed("id", it.id); }
};

struct ShowAnswer {
  nlohmann::json customer;  // admin_view

  static void describe(auto& fields, auto& it) { fields.all_of(it.customer); }
};

struct UpdateArgs {
  CustomerId id;
  std::optional<std::string> name, loyalty, tier, note, external;  // none: as it is
  std::map<std::string, std::string> preferences;                  // set beside the others
  std::vector<std::string> drop_preferences;
  std::vector<PhotoReport> photos;  // empty: the templates stay
  bool reset_threshold = false;
  bool forget_learned = false;

  static void describe(auto& fields, auto& it) {
    fields.needed("id", it.id);
    fields.if_any("name", it.name);
    fields.if_any("loyalty", it.loyalty);
    fields.if_any("tier", it.tier);
    fields.if_any("note", it.note);
    fields.if_any("external", it.external);
    fields.optional("preferences", it.preferences);
    fields.optional("drop_preferences", it.drop_preferences);
    fields.optional("photos", it.photos);
    fields.optional("reset_threshold", it.reset_threshold);
    fields.optional("forget_learned", it.forget_learned);
  }
};

struct ResumeArgs {
  std::string camera;  // or, where it is empty, the customer
  CustomerId id;

  static void describe(auto& fields, auto& it) {
    fields.optional("camera", it.camera);
    fields.optional("id", it.id);
  }
};

struct ResumeAnswer {
  bool resumed = true;
  std::optional<std::string> camera;
  std::optional<CustomerId> id;

  static void describe(auto& fields, auto& it) {
    fields.needed("resumed", it.resumed);
    fields.if_any("camera", it.camera);
    fields.if_any("id", it.id);
  }
};

// Everything that can be refused before a face is looked at. Errors: consent_missing and the like,
// external_taken, loyalty_taken (kInput).
Result<CheckEnrolmentAnswer> check_enrolment(Shop& shop, const EnrolArgs& args, const Actor& actor);
// Errors: those of check_enrolment but for loyalty_taken, which the store finds; photo_outlier,
// face_enrolled, scope_missing, no_photo (kInput).
Result<EnrolAnswer> enrol(Shop& shop, const EnrolArgs& args, const Actor& actor);
Result<ListAnswer> list(Shop& shop, const ListArgs& args, const Actor& actor);
Result<ShowAnswer> show(Shop& shop, const ShowArgs& args, const Actor& actor);
Result<ShowAnswer> update(Shop& shop, const UpdateArgs& args, const Actor& actor);
// Lifts a suspension that answers "wrong person" brought about.
Result<ResumeAnswer> resume(Shop& shop, const ResumeArgs& args, const Actor& actor);

std::vector<Verb> enrolment_verbs();

}  // namespace maitred::verbs
