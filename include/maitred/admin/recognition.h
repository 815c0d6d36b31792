// Verbs: recognising a customer at a desk, from photos.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "maitred/admin/photo_reports.h"
#include "maitred/admin/verb.h"
#include "maitred/shop/desk/shop.h"

namespace maitred::verbs {

struct IdentifyArgs {
  std::vector<PhotoReport> photos;  // of one person

  static void describe(auto& fields, auto& it) { fields.optional("photos", it.photos); }
};

struct IdentifyAnswer {
  struct Match {
    CustomerId id;
    std::string name;
    std::string confidence;  // high or medium
    std::optional<bool> live;
    nlohmann::json appointment;  // due_appointment_json
  };
  std::optional<Match> match;
  bool not_live = false;  // refused: a photo shows a picture of a face

  static void describe(auto& fields, auto& it) {
    fields.needed("match", it.match.has_value());
    if (it.not_live) fields.needed("live", false);
    if (!it.match) return;
    fields.needed("id", it.match->id);
    fields.needed("name", it.match->name);
    fields.needed("confidence", it.match->confidence);
    fields.needed("live", it.match->live);
    fields.needed("appointment", it.match->appointment);
  }
};

struct VerifyArgs {
  CustomerId id;
  std::vector<PhotoReport> photos;

  static void describe(auto& fields, auto& it) {
    fields.needed("id", it.id);
    fields.optional("photos", it.photos);
  }
};

struct VerifyAnswer {
  bool verified = false;
  std::optional<bool> live;
  std::optional<std::string> name;            // if verified
  std::optional<nlohmann::json> appointment;  // if verified

  static void describe(auto& fields, auto& it) {
    fields.needed("verified", it.verified);
    fields.needed("live", it.live);
    fields.if_any("name", it.name);
    fields.if_any("appointment", it.appointment);
  }
};

// 1:N. Errors: no_photo (kInput), template_mismatch (kEnvironment).
Result<IdentifyAnswer> identify(Shop& shop, const IdentifyArgs& args, const Actor& actor);
// 1:1. Errors: as identify; consent_missing, unknown_customer (kInput).
Result<VerifyAnswer> verify(Shop& shop, const VerifyArgs& args, const Actor& actor);

std::vector<Verb> recognition_verbs();

}  // namespace maitred::verbs
