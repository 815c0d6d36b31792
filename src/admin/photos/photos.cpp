#include "maitred/admin/photos.h"

#include <fmt/format.h>

#include "maitred/base/file.h"
#include "maitred/models/manifest.h"
#include "maitred/shop/consent/consent.h"

namespace maitred::verbs {

Result<EngineMembersAnswer> engine_members(Shop& shop, const EngineMembersArgs& args,
                                           const Actor& actor) {
  Customers& customers = shop.store().customers();
  EngineMembersAnswer answer;
  MAITRED_TRY(customers.for_each_with_templates(
      args.engine, [&](Customer&& customer, std::vector<Template>&& templates) -> Status {
        if (may(customer.consent, Scope::kRecognition, actor.at)) {
          answer.members.push_back({customer.id, 0, !templates.empty()});
        }
        return {};
      }));
  for (auto& member : answer.members) {
    MAITRED_ASSIGN(member.photos, customers.photo_count(member.id));
  }
  return answer;
}

Result<KeptPhotosAnswer> kept_photos(Shop& shop, const KeptPhotosArgs& args, const Actor& actor) {
  MAITRED_ASSIGN(const auto photos, shop.store().customers().photos(args.id));
  KeptPhotosAnswer answer;
  for (const auto& photo : photos) answer.photos.push_back(to_base64(photo));
  MAITRED_TRY(shop.store().audit().append(actor, "photos", args.id.value,
                                          "read for engine " + args.engine));
  return answer;
}

Result<ReembedAnswer> reembed(Shop& shop, const ReembedArgs& args, const Actor& actor) {
  MAITRED_ASSIGN(const ModelEngine* engine, Manifest::built_in().engine(args.engine));
  Customers& customers = shop.store().customers();
  MAITRED_ASSIGN(const Customer customer, customers.find(args.id));
  if (!may(customer.consent, Scope::kRecognition, actor.at)) {
    return input_error("consent_missing",
                       fmt::format("the consent of customer {} has ended", args.id.value));
  }
  MAITRED_ASSIGN(
      const auto templates,
      templates_of(args.photos, args.engine, static_cast<std::size_t>(engine->template_length)));
  MAITRED_TRY(customers.replace_templates(args.id, templates, actor));
  if (args.engine == shop.settings().engine) MAITRED_TRY(shop.customer_changed(args.id));
  return ReembedAnswer{args.id, templates.size()};
}

std::vector<Verb> photo_verbs() {
  return {at_once<EngineMembersArgs>("engine_members", engine_members),
          at_once<KeptPhotosArgs>("kept_photos", kept_photos),
          at_once<ReembedArgs>("reembed", reembed)};
}

}  // namespace maitred::verbs
