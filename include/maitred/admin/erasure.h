// Verbs: erasing a customer, exporting what is held, and retention.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "maitred/admin/consent.h"
#include "maitred/admin/enrolment.h"
#include "maitred/admin/verb.h"
#include "maitred/shop/desk/shop.h"

namespace maitred::verbs {

struct ForgetAnswer {
  bool erased = true;
  CustomerId id;
  nlohmann::json receipt;  // signed

  static void describe(auto& fields, auto& it) {
    fields.needed("erased", it.erased);
    fields.needed("id", it.id);
    fields.needed("receipt", it.receipt);
  }
};

struct ReceiptAnswer {
  CustomerId id;
  nlohmann::json receipt;

  static void describe(auto& fields, auto& it) {
    fields.needed("id", it.id);
    fields.needed("receipt", it.receipt);
  }
};

struct ExportAnswer {
  nlohmann::json record;  // export_view

  static void describe(auto& fields, auto& it) { fields.all_of(it.record); }
};

struct RetentionAnswer {
  std::vector<CustomerId> erased;
  std::vector<nlohmann::json> receipts;

  static void describe(auto& fields, auto& it) {
    fields.needed("erased", it.erased);
    fields.needed("receipts", it.receipts);
  }
};

Result<ForgetAnswer> forget(Shop& shop, const IdArgs& args, const Actor& actor);
// The receipt of an earlier erasure.
Result<ReceiptAnswer> receipt(Shop& shop, const IdArgs& args, const Actor& actor);
// Everything held on a customer, for them.
Result<ExportAnswer> export_customer(Shop& shop, const ShowArgs& args, const Actor& actor);
// Erases the customers whose data is due to go.
using RetentionTask = TaskOf<RetentionAnswer>;
Result<std::unique_ptr<RetentionTask>> begin_retention(Shop& shop, const NoArgs& args,
                                                       const Actor& actor);

std::vector<Verb> erasure_verbs();

}  // namespace maitred::verbs
