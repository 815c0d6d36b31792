// Verbs: what staff should know of a customer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "maitred/admin/verb.h"
#include "maitred/shop/desk/shop.h"

namespace maitred::verbs {

struct AskArgs {
  CustomerId id;
  std::string text, item, external;

  static void describe(auto& fields, auto& it) {
    fields.needed("id", it.id);
    fields.needed("text", it.text);
    fields.optional("item", it.item);
    fields.optional("external", it.external);
  }
};

struct PurchaseArgs {
  CustomerId id;
  std::string item;
  std::string status;            // bought, out_of_stock or returned
  std::optional<WallTime> date;  // none: now
  std::string external;

  static void describe(auto& fields, auto& it) {
    fields.needed("id", it.id);
    fields.needed("item", it.item);
    fields.needed("status", it.status);
    fields.optional("date", it.date);
    fields.optional("external", it.external);
  }
};

struct AppointmentArgs {
  CustomerId id;
  WallTime at{};
  std::string with, external;

  static void describe(auto& fields, auto& it) {
    fields.needed("id", it.id);
    fields.needed("at", it.at);
    fields.needed("with", it.with);
    fields.optional("external", it.external);
  }
};

// One row of a file of asks, purchases and appointments.
struct NoteArgs {
  std::string customer;  // ID, loyalty:ID or external:ID
  std::string kind;      // ask, purchase or appointment
  std::string text, item, status, with, external;
  std::optional<WallTime> date, at;

  static void describe(auto& fields, auto& it) {
    fields.needed("customer", it.customer);
    fields.needed("kind", it.kind);
    fields.optional("text", it.text);
    fields.optional("item", it.item);
    fields.optional("status", it.status);
    fields.optional("with", it.with);
    fields.optional("external", it.external);
    fields.optional("date", it.date);
    fields.optional("at", it.at);
  }
};

struct NotedAnswer {
  CustomerId id;
  std::uint64_t number = 0;   // of this customer's notes of the kind
  std::optional<bool> known;  // true if a note with this external id was there; else none

  static void describe(auto& fields, auto& it) {
    fields.needed("id", it.id);
    fields.needed("number", it.number);
    fields.if_any("known", it.known);
  }
};

// A note whose external id the customer has already is not written again. Errors: bad_usage,
// unknown_customer (kInput).
Result<NotedAnswer> ask(Shop& shop, const AskArgs& args, const Actor& actor);
Result<NotedAnswer> purchase(Shop& shop, const PurchaseArgs& args, const Actor& actor);
Result<NotedAnswer> appointment(Shop& shop, const AppointmentArgs& args, const Actor& actor);
Result<NotedAnswer> note(Shop& shop, const NoteArgs& args, const Actor& actor);

std::vector<Verb> note_verbs();

}  // namespace maitred::verbs
