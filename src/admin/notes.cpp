#include "maitred/admin/notes.h"

#include <algorithm>
#include <array>

namespace maitred::verbs {
namespace {

// The entry that came with this external id before, if there is one.
template <class Entry>
std::optional<NotedAnswer> noted_before(const std::vector<Entry>& entries,
                                        const std::string& external, const CustomerId& id) {
  if (external.empty()) return std::nullopt;
  for (const Entry& entry : entries) {
    if (entry.external == external) return NotedAnswer{id, entry.number, true};
  }
  return std::nullopt;
}

Status need(const char* name, const std::string& text) {
  if (text.empty()) return field_must_be(name, "given");
  return {};
}

}  // namespace

Result<NotedAnswer> ask(Shop& shop, const AskArgs& args, const Actor& actor) {
  Customers& customers = shop.store().customers();
  MAITRED_ASSIGN(const Customer customer, customers.find(args.id));
  if (auto before = noted_before(customer.asks, args.external, args.id)) return *before;
  Ask entry;
  entry.text = args.text;
  entry.item = args.item;
  entry.at = actor.at;
  entry.external = args.external;
  MAITRED_ASSIGN(entry, customers.add_ask(args.id, std::move(entry), actor));
  return NotedAnswer{args.id, entry.number, {}};
}

Result<NotedAnswer> purchase(Shop& shop, const PurchaseArgs& args, const Actor& actor) {
  static constexpr std::array<std::string_view, 3> kStatuses = {"bought", "out_of_stock",
                                                                "returned"};
  if (std::find(kStatuses.begin(), kStatuses.end(), args.status) == kStatuses.end()) {
    return field_must_be("status", "bought, out_of_stock or returned");
  }
  Customers& customers = shop.store().customers();
  MAITRED_ASSIGN(const Customer customer, customers.find(args.id));
  if (auto before = noted_before(customer.purchases, args.external, args.id)) return *before;
  Purchase entry;
  entry.item = args.item;
  entry.status = args.status;
  entry.date = args.date.value_or(actor.at);
  entry.external = args.external;
  MAITRED_ASSIGN(entry, customers.add_purchase(args.id, std::move(entry), actor));
  return NotedAnswer{args.id, entry.number, {}};
}

Result<NotedAnswer> appointment(Shop& shop, const AppointmentArgs& args, const Actor& actor) {
  Customers& customers = shop.store().customers();
  MAITRED_ASSIGN(const Customer customer, customers.find(args.id));
  if (auto before = noted_before(customer.appointments, args.external, args.id)) return *before;
  Appointment entry;
  entry.at = args.at;
  entry.with = args.with;
  entry.external = args.external;
  MAITRED_ASSIGN(entry, customers.add_appointment(args.id, std::move(entry), actor));
  return NotedAnswer{args.id, entry.number, {}};
}

Result<NotedAnswer> note(Shop& shop, const NoteArgs& args, const Actor& actor) {
  MAITRED_ASSIGN(const CustomerId id, shop.customer_named(args.customer));
  if (args.kind == "ask") {
    MAITRED_TRY(need("text", args.text));
    return ask(shop, {id, args.text, args.item, args.external}, actor);
  }
  if (args.kind == "purchase") {
    MAITRED_TRY(need("item", args.item));
    return purchase(shop, {id, args.item, args.status, args.date, args.external}, actor);
  }
  if (args.kind == "appointment") {
    MAITRED_TRY(need("with", args.with));
    if (!args.at) return field_must_be("at", "given");
    return appointment(shop, {id, *args.at, args.with, args.external}, actor);
  }
  return field_must_be("kind", "ask, purchase or appointment");
}

std::vector<Verb> note_verbs() {
  return {at_once<AskArgs>("ask", ask), at_once<PurchaseArgs>("purchase", purchase),
          at_once<AppointmentArgs>("appointment", appointment), at_once<NoteArgs>("note", note)};
}

}  // namespace maitred::verbs
