// Consent texts, and what a customer gets in hand.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "maitred/admin/admin.h"
#include "maitred/admin/admin_fields.h"
#include "maitred/admin/views.h"

namespace maitred {

using nlohmann::json;

namespace {

json text_json(const ConsentText& text) {
  return {{"version", text.version}, {"added", format_time(text.added)}, {"text", text.text}};
}

}  // namespace

Result<json> Admin::consent_text_add(const json& args, const Actor& actor) {
  ConsentText text;
  MAITRED_ASSIGN(text.version, needed_text(args, "version"));
  MAITRED_ASSIGN(text.text, needed_text(args, "text"));
  text.added = actor.at;
  MAITRED_TRY(shop_.store().consent_texts().add(text, actor));
  return json{{"version", text.version}, {"added", format_time(text.added)}};
}

Result<json> Admin::consent_text_list(const json&, const Actor&) {
  MAITRED_ASSIGN(const auto texts, shop_.store().consent_texts().list());
  json list = json::array();
  for (const ConsentText& text : texts) {
    list.push_back({{"version", text.version},
                    {"added", format_time(text.added)},
                    {"bytes", text.text.size()}});
  }
  return json{{"texts", std::move(list)}};
}

Result<json> Admin::consent_text_show(const json& args, const Actor&) {
  MAITRED_ASSIGN(const std::string version, needed_text(args, "version"));
  MAITRED_ASSIGN(const auto text, shop_.store().consent_texts().find(version));
  if (text) return text_json(*text);
  return input_error("unknown_text",
                     "there is no consent text of this version: see maitredctl "
                     "consent text list");
}

Result<bool> Admin::text_on_record(const std::string& version) const {
  MAITRED_ASSIGN(const auto texts, shop_.store().consent_texts().list());
  return texts.empty() || std::any_of(texts.begin(), texts.end(), [&](const ConsentText& text) {
           return text.version == version;
         });
}

Status Admin::warn_of_missing_text(const std::string& version, json& warnings) const {
  MAITRED_ASSIGN(const bool on_record, text_on_record(version));
  if (on_record) return {};
  warnings.push_back(
      fmt::format("there is no consent text {} on record: add it with maitredctl "
                  "consent text add",
                  version));
  return {};
}

Result<json> Admin::consent_receipt(const json& args, const Actor& actor) {
  MAITRED_ASSIGN(const CustomerId id, id_field(args));
  MAITRED_ASSIGN(const Customer customer, shop_.store().customers().find(id));
  MAITRED_ASSIGN(const auto text, shop_.store().consent_texts().find(customer.consent.version));
  const PrivacySettings& privacy = shop_.privacy();
  json receipt = {{"id", id.value},
                  {"name", customer.profile.name},
                  {"store", shop_.store().id()},
                  {"issued", format_time(actor.at)},
                  {"controller", privacy.controller},
                  {"contact", privacy.contact},
                  {"retention", format_duration(shop_.settings().visits.retention)},
                  {"consent", admin_consent(customer.consent, actor.at)},
                  {"text", text ? json(text->text) : json(nullptr)}};
  MAITRED_TRY(shop_.store().audit().append(actor, "consent", id.value, "receipt issued"));
  return receipt;
}

}  // namespace maitred
