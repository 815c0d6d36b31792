// Kept photos, and the change of engine that they allow.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "maitred/admin/admin.h"
#include "maitred/admin/admin_fields.h"
#include "maitred/base/file.h"
#include "maitred/models/manifest.h"
#include "maitred/shop/consent/consent.h"

namespace maitred {

using nlohmann::json;

// Everyone who may be recognised: the photos kept of them, and whether they have templates of this
// engine already.
Result<json> Admin::engine_members(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const std::string engine, needed_text(args, "engine"));
  Customers& customers = shop_.store().customers();
  struct Found {
    CustomerId id;
    bool done;
  };
  std::vector<Found> members;
  MAITRED_TRY(customers.for_each_with_templates(
      engine, [&](Customer&& customer, std::vector<Template>&& templates) -> Status {
        if (may(customer.consent, Scope::kRecognition, actor.at)) {
          members.push_back({customer.id, !templates.empty()});
        }
        return {};
      }));
  json list = json::array();
  for (const auto& [id, done] : members) {
    MAITRED_ASSIGN(const std::uint64_t photos, customers.photo_count(id));
    list.push_back({{"id", id.value}, {"photos", photos}, {"done", done}});
  }
  return json{{"members", std::move(list)}};
}

Result<json> Admin::kept_photos(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const CustomerId id, id_field(args));
  MAITRED_ASSIGN(const std::string engine, needed_text(args, "engine"));
  MAITRED_ASSIGN(const auto photos, shop_.store().customers().photos(id));
  json list = json::array();
  for (const auto& photo : photos) list.push_back(to_base64(photo));
  MAITRED_TRY(shop_.store().audit().append(actor, "photos", id.value, "read for engine " + engine));
  return json{{"photos", std::move(list)}};
}

Result<json> Admin::reembed(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const CustomerId id, id_field(args));
  MAITRED_ASSIGN(const std::string name, needed_text(args, "engine"));
  MAITRED_ASSIGN(const ModelEngine* engine, Manifest::built_in().engine(name));
  MAITRED_ASSIGN(const Customer customer, shop_.store().customers().find(id));
  if (!may(customer.consent, Scope::kRecognition, actor.at)) {
    return input_error("consent_missing",
                       fmt::format("the consent of customer {} has ended", id.value));
  }
  MAITRED_ASSIGN(const auto templates,
                 templates_field(args, name, static_cast<std::size_t>(engine->template_length)));
  MAITRED_TRY(shop_.store().customers().replace_templates(id, templates, actor));
  if (name == shop_.settings().engine) MAITRED_TRY(shop_.customer_changed(id));
  return json{{"id", id.value}, {"templates", templates.size()}};
}

}  // namespace maitred
