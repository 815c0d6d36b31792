#include "maitred/admin/recognition.h"

#include <fmt/format.h>

#include <algorithm>

#include "maitred/admin/views.h"
#include "maitred/models/verify.h"
#include "maitred/shop/consent/consent.h"

namespace maitred::verbs {
namespace {

Result<std::vector<Template>> templates_for(const Recognition& recognition,
                                            const std::vector<PhotoReport>& photos) {
  return templates_of(photos, recognition.engine(), recognition.template_length());
}

// Fails closed: where liveness is wanted and its models are there, no photo is compared that was
// not judged, whatever the process that read it says.
Status require_judged(const Settings& settings, const std::vector<PhotoReport>& photos) {
  const bool judged = std::all_of(photos.begin(), photos.end(),
                                  [](const PhotoReport& photo) { return photo.live.has_value(); });
  if (judged || !settings.liveness_at_desk) return {};
  if (!judges_liveness(Manifest::built_in(), settings.engine, settings.models_dir,
                       shipped_model_folders())) {
    return {};
  }
  return environment_error("liveness_not_judged",
                           "the photo was not checked for liveness, although the models for it are "
                           "installed; run: maitredctl models verify");
}

}  // namespace

Result<IdentifyAnswer> identify(Shop& shop, const IdentifyArgs& args, const Actor& actor) {
  MAITRED_ASSIGN(Recognition * recognition, shop.recognition());
  MAITRED_TRY(require_judged(shop.settings(), args.photos));
  MAITRED_ASSIGN(const auto photos, templates_for(*recognition, args.photos));
  const std::optional<bool> live = liveness_of(args.photos);
  IdentifyAnswer answer;
  if (live == false) {
    answer.not_live = true;
    MAITRED_TRY(shop.store().audit().append(actor, "identify", "", "not live"));
    return answer;
  }
  MAITRED_ASSIGN(const auto found, recognition->identify(photos));
  if (!found) return answer;
  MAITRED_ASSIGN(const Customer customer, shop.store().customers().find(found->customer));
  if (!may(customer.consent, Scope::kRecognition, actor.at)) return answer;
  MAITRED_TRY(shop.store().audit().append(actor, "identify", customer.id.value, "match"));
  answer.match = {customer.id, customer.profile.name, std::string(word(found->confidence)), live,
                  due_appointment_json(customer, actor.at)};
  return answer;
}

Result<VerifyAnswer> verify(Shop& shop, const VerifyArgs& args, const Actor& actor) {
  MAITRED_ASSIGN(const Customer customer, shop.store().customers().find(args.id));
  if (!may(customer.consent, Scope::kRecognition, actor.at)) {
    return input_error("consent_missing",
                       fmt::format("customer {} may not be compared: the consent has ended or was "
                                   "withdrawn",
                                   args.id.value));
  }
  MAITRED_ASSIGN(Recognition * recognition, shop.recognition());
  MAITRED_TRY(require_judged(shop.settings(), args.photos));
  MAITRED_ASSIGN(const auto photos, templates_for(*recognition, args.photos));
  VerifyAnswer answer;
  answer.live = liveness_of(args.photos);
  MAITRED_ASSIGN(const bool same, recognition->verify(args.id, photos));
  const bool not_live = answer.live == false;
  answer.verified = same && !not_live;
  MAITRED_TRY(shop.store().audit().append(actor, "verify", args.id.value,
                                          answer.verified ? "yes"
                                          : not_live      ? "not live"
                                                          : "no"));
  if (answer.verified) {
    answer.name = customer.profile.name;
    answer.appointment = due_appointment_json(customer, actor.at);
  }
  return answer;
}

std::vector<Verb> recognition_verbs() {
  return {at_once<IdentifyArgs>("identify", identify), at_once<VerifyArgs>("verify", verify)};
}

}  // namespace maitred::verbs
