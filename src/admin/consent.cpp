#include "maitred/admin/consent.h"

#include <fmt/format.h>

#include <algorithm>

#include "maitred/admin/views.h"
#include "maitred/shop/consent/consent.h"

namespace maitred::verbs {

Result<ConsentShowAnswer> consent_show(Shop& shop, const IdArgs& args, const Actor& actor) {
  MAITRED_ASSIGN(const auto history, shop.store().customers().consent_history(args.id));
  ConsentShowAnswer answer;
  answer.id = args.id;
  for (const Consent& consent : history) {
    answer.history.push_back(admin_consent(consent, actor.at));
  }
  if (!answer.history.empty()) answer.consent = answer.history.back();
  return answer;
}

Result<ConsentRenewAnswer> consent_renew(Shop& shop, const ConsentRenewArgs& args,
                                         const Actor& actor) {
  Customers& customers = shop.store().customers();
  MAITRED_ASSIGN(const Customer customer, customers.find(args.id));
  ConsentRenewal renewal;
  renewal.version = args.version;
  renewal.reference = args.reference;
  renewal.expires = args.expires;
  if (!args.scopes.empty()) {
    renewal.scopes = args.scopes;
    renewal.scopes->insert(Scope::kRecognition);
  }
  MAITRED_ASSIGN(const Consent renewed, renew_consent(customer.consent, renewal, actor.at));
  MAITRED_TRY(shop.store().together([&]() -> Status {
    MAITRED_TRY(customers.set_consent(args.id, renewed, actor, "renewed"));
    if (!renewed.scopes.contains(Scope::kPhotos)) {
      MAITRED_ASSIGN(const std::uint64_t kept, customers.photo_count(args.id));
      if (kept > 0) MAITRED_TRY(customers.replace_photos(args.id, {}, actor));
    }
    if (!renewed.scopes.contains(Scope::kTemplateImprovement)) {
      MAITRED_ASSIGN(const std::uint64_t learned, customers.learned_count(args.id));
      if (learned > 0) MAITRED_TRY(customers.forget_learned(args.id, actor));
    }
    return {};
  }));
  MAITRED_TRY(shop.customer_changed(args.id));
  ConsentRenewAnswer answer;
  answer.id = args.id;
  answer.consent = admin_consent(renewed, actor.at);
  MAITRED_TRY(warn_of_missing_text(shop, renewed.version, answer.warnings));
  return answer;
}

Result<ConsentWithdrawAnswer> consent_withdraw(Shop& shop, const IdArgs& args, const Actor& actor) {
  MAITRED_TRY(shop.desk().withdraw(args.id, actor));
  MAITRED_TRY(shop.customer_changed(args.id));
  MAITRED_ASSIGN(const Customer customer, shop.store().customers().find(args.id));
  return ConsentWithdrawAnswer{args.id, admin_consent(customer.consent, actor.at),
                               actor.at + shop.privacy().after_withdrawal};
}

Result<ConsentReceiptAnswer> consent_receipt(Shop& shop, const IdArgs& args, const Actor& actor) {
  MAITRED_ASSIGN(const Customer customer, shop.store().customers().find(args.id));
  MAITRED_ASSIGN(const auto text, shop.store().consent_texts().find(customer.consent.version));
  ConsentReceiptAnswer receipt;
  receipt.id = args.id;
  receipt.name = customer.profile.name;
  receipt.store = shop.store().id();
  receipt.issued = actor.at;
  receipt.controller = shop.privacy().controller;
  receipt.contact = shop.privacy().contact;
  receipt.retention = format_duration(shop.settings().visits.retention);
  receipt.consent = admin_consent(customer.consent, actor.at);
  if (text) receipt.text = text->text;
  MAITRED_TRY(shop.store().audit().append(actor, "consent", args.id.value, "receipt issued"));
  return receipt;
}

Result<TextAddAnswer> consent_text_add(Shop& shop, const TextAddArgs& args, const Actor& actor) {
  ConsentText text;
  text.version = args.version;
  text.text = args.text;
  text.added = actor.at;
  MAITRED_TRY(shop.store().consent_texts().add(text, actor));
  return TextAddAnswer{text.version, text.added};
}

Result<TextListAnswer> consent_text_list(Shop& shop, const NoArgs&, const Actor&) {
  MAITRED_ASSIGN(const auto texts, shop.store().consent_texts().list());
  TextListAnswer answer;
  for (const ConsentText& text : texts) {
    answer.texts.push_back({text.version, text.added, text.text.size()});
  }
  return answer;
}

Result<TextShowAnswer> consent_text_show(Shop& shop, const TextShowArgs& args, const Actor&) {
  MAITRED_ASSIGN(const auto text, shop.store().consent_texts().find(args.version));
  if (text) return TextShowAnswer{text->version, text->added, text->text};
  return input_error("unknown_text",
                     "there is no consent text of this version: see maitredctl consent text list");
}

Status warn_of_missing_text(Shop& shop, const std::string& version,
                            std::vector<std::string>& warnings) {
  MAITRED_ASSIGN(const auto texts, shop.store().consent_texts().list());
  const bool on_record =
      texts.empty() || std::any_of(texts.begin(), texts.end(), [&](const ConsentText& text) {
        return text.version == version;
      });
  if (on_record) return {};
  warnings.push_back(fmt::format(
      "there is no consent text {} on record: add it with maitredctl consent text add", version));
  return {};
}

std::vector<Verb> consent_verbs() {
  return {at_once<IdArgs>("consent_show", consent_show),
          at_once<ConsentRenewArgs>("consent_renew", consent_renew),
          at_once<IdArgs>("consent_withdraw", consent_withdraw),
          at_once<IdArgs>("consent_receipt", consent_receipt),
          at_once<TextAddArgs>("consent_text_add", consent_text_add),
          at_once<NoArgs>("consent_text_list", consent_text_list),
          at_once<TextShowArgs>("consent_text_show", consent_text_show)};
}

}  // namespace maitred::verbs
