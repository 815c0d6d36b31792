// Verbs: a customer's consent, and the texts that customers agree to.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "maitred/admin/verb.h"
#include "maitred/shop/desk/shop.h"

namespace maitred::verbs {

struct IdArgs {
  CustomerId id;

  static void describe(auto& fields, auto& it) { fields.needed("id", it.id); }
};

struct ConsentShowAnswer {
  CustomerId id;
  nlohmann::json consent;  // admin_consent of the newest; null for none
  std::vector<nlohmann::json> history;

  static void describe(auto& fields, auto& it) {
    fields.needed("id", it.id);
    fields.needed("consent", it.consent);
    fields.needed("history", it.history);
  }
};

struct ConsentRenewArgs {
  CustomerId id;
  std::string version, reference;  // empty: as before
  std::optional<WallTime> expires;
  std::set<Scope> scopes;  // empty: as before

  static void describe(auto& fields, auto& it) {
    fields.needed("id", it.id);
    fields.optional("version", it.version);
    fields.optional("reference", it.reference);
    fields.optional("expires", it.expires);
    fields.optional("scopes", it.scopes);
  }
};

struct ConsentRenewAnswer {
  CustomerId id;
  nlohmann::json consent;  // admin_consent
  std::vector<std::string> warnings;

  static void describe(auto& fields, auto& it) {
    fields.needed("id", it.id);
    fields.needed("consent", it.consent);
    fields.needed("warnings", it.warnings);
  }
};

struct ConsentWithdrawAnswer {
  CustomerId id;
  nlohmann::json consent;  // admin_consent
  WallTime erased_by{};

  static void describe(auto& fields, auto& it) {
    fields.needed("id", it.id);
    fields.needed("consent", it.consent);
    fields.needed("erased_by", it.erased_by);
  }
};

// A receipt of the consent for the customer to keep.
struct ConsentReceiptAnswer {
  CustomerId id;
  std::string name;
  std::string store;
  WallTime issued{};
  std::string controller, contact, retention;
  nlohmann::json consent;           // admin_consent
  std::optional<std::string> text;  // none: not on record

  static void describe(auto& fields, auto& it) {
    fields.needed("id", it.id);
    fields.needed("name", it.name);
    fields.needed("store", it.store);
    fields.needed("issued", it.issued);
    fields.needed("controller", it.controller);
    fields.needed("contact", it.contact);
    fields.needed("retention", it.retention);
    fields.needed("consent", it.consent);
    fields.needed("text", it.text);
  }
};

struct TextAddArgs {
  std::string version, text;

  static void describe(auto& fields, auto& it) {
    fields.needed("version", it.version);
    fields.needed("text", it.text);
  }
};

struct TextAddAnswer {
  std::string version;
  WallTime added{};

  static void describe(auto& fields, auto& it) {
    fields.needed("version", it.version);
    fields.needed("added", it.added);
  }
};

struct TextListAnswer {
  struct Row {
    std::string version;
    WallTime added{};
    std::size_t bytes = 0;

    static void describe(auto& fields, auto& it) {
      fields.needed("version", it.version);
      fields.needed("added", it.added);
      fields.needed("bytes", it.bytes);
    }
  };
  std::vector<Row> texts;

  static void describe(auto& fields, auto& it) { fields.needed("texts", it.texts); }
};

struct TextShowArgs {
  std::string version;

  static void describe(auto& fields, auto& it) { fields.needed("version", it.version); }
};

struct TextShowAnswer {
  std::string version;
  WallTime added{};
  std::string text;

  static void describe(auto& fields, auto& it) {
    fields.needed("version", it.version);
    fields.needed("added", it.added);
    fields.needed("text", it.text);
  }
};

Result<ConsentShowAnswer> consent_show(Shop& shop, const IdArgs& args, const Actor& actor);
// Also erases what the new consent no longer covers: kept photos, learned templates. Errors: those
// of renew_consent.
Result<ConsentRenewAnswer> consent_renew(Shop& shop, const ConsentRenewArgs& args,
                                         const Actor& actor);
Result<ConsentWithdrawAnswer> consent_withdraw(Shop& shop, const IdArgs& args, const Actor& actor);
Result<ConsentReceiptAnswer> consent_receipt(Shop& shop, const IdArgs& args, const Actor& actor);
Result<TextAddAnswer> consent_text_add(Shop& shop, const TextAddArgs& args, const Actor& actor);
Result<TextListAnswer> consent_text_list(Shop& shop, const NoArgs& args, const Actor& actor);
// Error: unknown_text (kInput).
Result<TextShowAnswer> consent_text_show(Shop& shop, const TextShowArgs& args, const Actor& actor);

// Adds a warning if texts are on record and this version is not among them.
Status warn_of_missing_text(Shop& shop, const std::string& version,
                            std::vector<std::string>& warnings);

std::vector<Verb> consent_verbs();

}  // namespace maitred::verbs
