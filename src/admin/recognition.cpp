#include "maitred/admin/recognition.h"

#include <fmt/format.h>

#include "maitred/admin/views.h"
#include "maitred/shop/consent/consent.h"

namespace maitred::verbs {
namespace {

Result<std::vector<Template>> templates_for(const Recognition& recognition,
                                            const std::vector<PhotoReport>& photos) {
  return templates_of(photos, recognition.engine(), recognition.template_length());
}

}  // namespace

Result<IdentifyAnswer> identify(Shop& shop, const IdentifyArgs& args, const Actor& actor) {
  MAITRED_ASSIGN(Recognition * recognition, shop.recognition());
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
