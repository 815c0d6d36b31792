#include "maitred/admin/erasure.h"

#include <algorithm>

#include "maitred/admin/views.h"

namespace maitred::verbs {

using nlohmann::json;

namespace {

class Retention : public RetentionTask {
 public:
  Retention(Shop& shop, Actor actor) : shop_(shop), actor_(std::move(actor)) {}

  Result<bool> step() override { return looked_at_all_ ? erase_some() : look_at_some(); }

 private:
  Result<bool> look_at_some() {
    constexpr std::size_t kLookedAtPerStep = 500;
    MAITRED_ASSIGN(const auto some, shop_.store().customers().list({last_row_, kLookedAtPerStep}));
    for (const CustomerSummary& customer : some) {
      if (is_ahead(customer, actor_.at)) {
        // A clock that was set back must not make everybody look like a visitor from the future.
        MAITRED_ASSIGN(const auto ahead, entry_ahead(shop_.store(), actor_.at));
        if (!ahead) MAITRED_TRY(shop_.store().customers().bring_back(customer.id, actor_));
      }
      if (is_due(customer, actor_.at, terms())) due_.push_back(customer.id);
      last_row_ = customer.row;
    }
    looked_at_all_ = some.size() < kLookedAtPerStep;
    total = due_.size();
    return false;
  }

  RetentionTerms terms() const {
    return {shop_.settings().visits.retention, shop_.privacy().after_withdrawal};
  }

  // A customer may have come back, or renewed the consent, since the look.
  Result<bool> still_due(const CustomerId& id) const {
    const auto customer = shop_.store().customers().find(id);
    if (!customer && customer.error().code == "unknown_customer") return false;
    MAITRED_TRY(customer);
    CustomerSummary summary;
    summary.enrolled = customer->enrolled;
    summary.last_visit = customer->last_visit;
    summary.expires = customer->consent.expires;
    summary.withdrawn = customer->consent.withdrawn;
    return is_due(summary, actor_.at, terms());
  }

  Result<bool> erase_some() {
    // One epoch serves several erasures; few a step, so that arrivals hardly wait.
    constexpr std::size_t kErasedPerStep = 8;
    const auto begin = due_.begin() + static_cast<std::ptrdiff_t>(done);
    const auto count = std::min<std::size_t>(kErasedPerStep, due_.size() - done);
    std::vector<CustomerId> now;
    for (auto id = begin; id != begin + static_cast<std::ptrdiff_t>(count); ++id) {
      MAITRED_ASSIGN(const bool due, still_due(*id));
      if (due) now.push_back(*id);
    }
    done += count;
    if (!now.empty()) {
      const auto receipts = shop_.desk().forget_all(now, actor_);
      // The gallery follows also when only the log of the database could not be emptied.
      for (const CustomerId& id : now) {
        MAITRED_TRY(shop_.customer_changed(id));
        answer.erased.push_back(id);
      }
      MAITRED_TRY(receipts);
      for (const Receipt& receipt : *receipts) {
        answer.receipts.push_back(json::parse(receipt_text(receipt)));
      }
    }
    if (done < total) return false;
    MAITRED_ASSIGN(const bool shrinking, shop_.store().shrink_some());
    if (shrinking) return false;
    MAITRED_TRY(shop_.note_retention(actor_.at));
    return true;
  }

  Shop& shop_;
  Actor actor_;
  std::uint64_t last_row_ = 0;
  bool looked_at_all_ = false;
  std::vector<CustomerId> due_;
};

Result<HeldOnCustomer> record_of(Store& store, const CustomerId& id) {
  HeldOnCustomer record;
  MAITRED_ASSIGN(record.customer, store.customers().find(id));
  MAITRED_ASSIGN(record.consents, store.customers().consent_history(id));
  MAITRED_ASSIGN(record.visits, store.visits().list(VisitQuery{id, {}, false, 0}));
  AlertQuery query;
  query.customer = id;
  MAITRED_ASSIGN(auto alerts, store.visits().alerts(query));
  for (StoredAlert& stored : alerts) record.alerts.push_back(std::move(stored.alert));
  for (const Visit& visit : record.visits) {
    MAITRED_ASSIGN(auto given, store.visits().feedback(visit.id));
    for (Feedback& one : given) record.feedback.push_back(std::move(one));
  }
  MAITRED_ASSIGN(record.templates, store.customers().templates(id));
  MAITRED_ASSIGN(record.learned, store.customers().learned_count(id));
  MAITRED_ASSIGN(record.photos, store.customers().photos(id));
  return record;
}

}  // namespace

Result<ForgetAnswer> forget(Shop& shop, const IdArgs& args, const Actor& actor) {
  const auto receipt = shop.desk().forget(args.id, actor);
  // The gallery follows also when only the log of the database could not be emptied.
  MAITRED_TRY(shop.customer_changed(args.id));
  if (!receipt) return tl::unexpected(receipt.error());
  return ForgetAnswer{true, args.id, json::parse(receipt_text(*receipt))};
}

Result<ReceiptAnswer> receipt(Shop& shop, const IdArgs& args, const Actor&) {
  MAITRED_ASSIGN(const Receipt issued, shop.store().receipt_of(args.id));
  return ReceiptAnswer{args.id, json::parse(receipt_text(issued))};
}

Result<ExportAnswer> export_customer(Shop& shop, const ShowArgs& args, const Actor& actor) {
  MAITRED_ASSIGN(const CustomerId id, shop.customer_named(args.id));
  MAITRED_ASSIGN(const HeldOnCustomer record, record_of(shop.store(), id));
  MAITRED_TRY(shop.store().audit().append(actor, "export", id.value, ""));
  return ExportAnswer{export_view(record, actor.at)};
}

Result<std::unique_ptr<RetentionTask>> begin_retention(Shop& shop, const NoArgs&,
                                                       const Actor& actor) {
  return std::make_unique<Retention>(shop, actor);
}

std::vector<Verb> erasure_verbs() {
  return {at_once<IdArgs>("forget", forget), at_once<IdArgs>("receipt", receipt),
          at_once<ShowArgs>("export", export_customer),
          in_steps<NoArgs>("retention", begin_retention)};
}

}  // namespace maitred::verbs
