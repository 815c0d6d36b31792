#include "maitred/shop/store/visits.h"

#include <fmt/format.h>

#include <algorithm>

#include "customer_rows.h"
#include "src/shop/store/keys/vault.h"
#include "visit_rows.h"

namespace maitred {
namespace {

constexpr std::size_t kLongestComment = 2000;
constexpr std::size_t kLongestVisitNote = 1000;
constexpr int kBestRating = 10;

Status insert_visit(Vault& vault, const Visit& visit) {
  Query taken(vault.database(), "SELECT 1 FROM visits WHERE id = ?1", visit.id.value);
  MAITRED_ASSIGN(const bool found, taken.next());
  if (found || visit.id.empty()) {
    return input_error("visit_exists", "there is a visit with this id already");
  }
  MAITRED_ASSIGN(const Bytes sealed,
                 vault.write_for(visit.customer, {"visits", visit.id.value}, visit));
  return Query(vault.database(),
               "INSERT INTO visits (id, customer, open, sealed) VALUES (?1, ?2, ?3, ?4)",
               visit.id.value, visit.customer.value, visit.outcome == Outcome::kOpen, sealed)
      .run();
}

// Sets the customer's last visit, which only moves forward.
Status move_last_visit(Vault& vault, const CustomerId& id, WallTime end) {
  MAITRED_ASSIGN(CustomerRecord record, read_customer_record(vault, id));
  if (record.last_visit.has_value() && *record.last_visit >= end) return {};
  record.last_visit = end;
  return write_customer_record(vault, id, record);
}

// Each kind of query has its own statement, so that each uses its own index.
std::string_view visit_sql(const VisitQuery& query) {
  if (query.customer) {
    return "SELECT id, customer, open, sealed FROM visits WHERE customer = ?1 "
           "AND (open = 1 OR ?2 = 0) ORDER BY n DESC";
  }
  if (query.only_open) {
    return "SELECT id, customer, open, sealed FROM visits WHERE open = 1 AND ?1 = '' AND ?2 = 1 "
           "ORDER BY n DESC";
  }
  return "SELECT id, customer, open, sealed FROM visits WHERE ?1 = '' AND ?2 = 0 ORDER BY n DESC";
}

std::string_view alert_sql(const AlertQuery& query) {
  if (query.customer) {
    return "SELECT seq, visit, customer, open, sealed FROM alerts WHERE customer = ?1 "
           "AND (open = 1 OR ?2 = 0) AND seq > ?3 ORDER BY seq DESC";
  }
  if (query.only_open) {
    return "SELECT seq, visit, customer, open, sealed FROM alerts WHERE open = 1 AND ?1 = '' "
           "AND ?2 = 1 AND seq > ?3 ORDER BY seq DESC";
  }
  return "SELECT seq, visit, customer, open, sealed FROM alerts WHERE ?1 = '' AND ?2 = 0 "
         "AND seq > ?3 ORDER BY seq DESC";
}

}  // namespace

Result<std::optional<StoredAlert>> Visits::commit_arrival(const Arrival& arrival,
                                                          const Recheck& recheck,
                                                          const Actor& actor) {
  std::optional<StoredAlert> sent;
  const Status done = vault_.transact([&]() -> Status {
    const Visit& visit = arrival.visit;
    MAITRED_ASSIGN(const Customer customer, read_customer(vault_, visit.customer));
    // Consent may have been withdrawn since the match; this transaction sees the latest state.
    if (!recheck(customer)) {
      return clean_no("consent_missing", fmt::format("customer {} does not consent to being "
                                                     "recognised: nothing was stored",
                                                     customer.id.value));
    }
    MAITRED_TRY(insert_visit(vault_, visit));
    MAITRED_TRY(move_last_visit(vault_, visit.customer, std::max(visit.start, visit.end)));
    MAITRED_TRY(
        AuditChain(vault_).append(actor, "match", visit.customer.value, "visit " + visit.id.value));
    if (!arrival.alert) return {};
    StoredAlert alert = *arrival.alert;
    alert.alert.visit = visit.id;
    alert.alert.customer.id = visit.customer;
    MAITRED_ASSIGN(sent, put_alert(vault_, std::move(alert), actor));
    return {};
  });
  MAITRED_TRY(done);
  return sent;
}

Result<StoredAlert> Visits::commit_alert_change(const StoredAlert& changed,
                                                const std::optional<Visit>& visit,
                                                const Actor& actor) {
  StoredAlert sent;
  const Status done = vault_.transact([&]() -> Status {
    // The customer comes from the stored row: a caller cannot move an alert to another customer's
    // key.
    MAITRED_ASSIGN(const StoredAlert before, alert(changed.alert.visit));
    if (visit) {
      MAITRED_TRY(check_text("note", visit->note, kLongestVisitNote, true));
      MAITRED_ASSIGN(const Visit stored, read_visit(vault_, visit->id));
      if (visit->id != before.alert.visit || visit->customer != stored.customer) {
        return input_error("unknown_visit", "the visit given is not the one of the alert");
      }
      MAITRED_TRY(update_visit(vault_, *visit));
    }
    StoredAlert next = changed;
    next.alert.customer.id = before.alert.customer.id;
    MAITRED_ASSIGN(sent, put_alert(vault_, std::move(next), actor));
    return {};
  });
  MAITRED_TRY(done);
  return sent;
}

Status Visits::touch(const VisitId& id, WallTime end) {
  return vault_.transact([&]() -> Status {
    MAITRED_ASSIGN(Visit visit, read_visit(vault_, id));
    if (end <= visit.end) return {};
    visit.end = end;
    MAITRED_TRY(update_visit(vault_, visit));
    return move_last_visit(vault_, visit.customer, end);
  });
}

Status Visits::add_feedback(const Feedback& feedback, const Actor& actor) {
  MAITRED_TRY(check_text("comment", feedback.comment, kLongestComment, true));
  if (feedback.rating < 0 || feedback.rating > kBestRating) {
    return input_error("field_invalid", "a rating is a number from 0 to 10");
  }
  return vault_.transact([&]() -> Status {
    MAITRED_ASSIGN(const Visit visit, read_visit(vault_, feedback.visit));
    Query last(vault_.database(), "SELECT ifnull(max(number), 0) FROM feedback WHERE visit = ?1",
               visit.id.value);
    MAITRED_TRY(last.next());
    const std::uint64_t number = last.count(0) + 1;
    const Place place{"feedback", fmt::format("{}/{}", visit.id.value, number)};
    MAITRED_ASSIGN(const Bytes sealed, vault_.write_for(visit.customer, place, feedback));
    MAITRED_TRY(
        Query(vault_.database(),
              "INSERT INTO feedback (visit, number, customer, sealed) VALUES (?1, ?2, ?3, ?4)",
              visit.id.value, number, visit.customer.value, sealed)
            .run());
    return AuditChain(vault_).append(actor, "feedback", visit.id.value, "");
  });
}

Result<Visit> Visits::find(const VisitId& id) const { return read_visit(vault_, id); }

Result<std::vector<Visit>> Visits::list(const VisitQuery& query) const {
  Query rows(vault_.database(), visit_sql(query), query.customer.value_or(CustomerId()).value,
             query.only_open);
  std::vector<Visit> visits;
  while (query.limit == 0 || visits.size() < query.limit) {
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) break;
    MAITRED_ASSIGN(Visit visit, read_visit_row(vault_, rows));
    if (!query.since || visit.start >= *query.since) visits.push_back(std::move(visit));
  }
  return visits;
}

Result<std::vector<VisitRow>> Visits::written_after(std::uint64_t row, std::size_t limit) const {
  Query rows(vault_.database(),
             "SELECT id, customer, open, sealed, n FROM visits WHERE n > ?1 ORDER BY n", row);
  std::vector<VisitRow> visits;
  while (visits.size() < limit) {
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) break;
    MAITRED_ASSIGN(Visit visit, read_visit_row(vault_, rows));
    visits.push_back({rows.count(4), std::move(visit)});
  }
  return visits;
}

Result<std::uint64_t> Visits::newest_row() const {
  Query newest(vault_.database(), "SELECT ifnull(max(n), 0) FROM visits");
  MAITRED_TRY(newest.next());
  return newest.count(0);
}

Result<std::optional<Visit>> Visits::newest(const CustomerId& customer) const {
  if (customer.empty()) return std::nullopt;
  VisitQuery query;
  query.customer = customer;
  MAITRED_ASSIGN(std::vector<Visit> visits, list(query));
  const auto newest = std::max_element(
      visits.begin(), visits.end(), [](const Visit& a, const Visit& b) { return a.end < b.end; });
  if (newest == visits.end()) return std::nullopt;
  return std::move(*newest);
}

Result<StoredAlert> Visits::alert(const VisitId& visit) const {
  Query row(vault_.database(),
            "SELECT seq, visit, customer, open, sealed FROM alerts WHERE visit = ?1", visit.value);
  MAITRED_ASSIGN(const bool found, row.next());
  if (!found) return input_error("unknown_alert", "there is no alert of such a visit");
  return read_alert_row(vault_, row);
}

Result<std::vector<StoredAlert>> Visits::alerts(const AlertQuery& query) const {
  Query rows(vault_.database(), alert_sql(query), query.customer.value_or(CustomerId()).value,
             query.only_open, query.after);
  std::vector<StoredAlert> alerts;
  while (query.limit == 0 || alerts.size() < query.limit) {
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) break;
    MAITRED_ASSIGN(StoredAlert stored, read_alert_row(vault_, rows));
    if (!query.since || stored.alert.at >= *query.since) alerts.push_back(std::move(stored));
  }
  std::reverse(alerts.begin(), alerts.end());
  return alerts;
}

Result<std::vector<StoredAlert>> Visits::open_alerts(std::uint64_t after) const {
  AlertQuery query;
  query.after = after;
  query.only_open = true;
  return alerts(query);
}

Result<std::vector<AlertEvent>> Visits::events(const std::optional<VisitId>& visit) const {
  Query rows(vault_.database(),
             visit ? "SELECT seq, visit, customer, sealed FROM alert_events WHERE visit = ?1 "
                     "ORDER BY seq"
                   : "SELECT seq, visit, customer, sealed FROM alert_events WHERE ?1 = '' "
                     "ORDER BY seq",
             visit.value_or(VisitId()).value);
  std::vector<AlertEvent> events;
  for (;;) {
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) return events;
    MAITRED_ASSIGN(AlertEvent event, read_event_row(vault_, rows));
    events.push_back(std::move(event));
  }
}

Result<std::vector<AlertEvent>> Visits::events_after(std::uint64_t seq, std::size_t limit) const {
  Query rows(vault_.database(),
             "SELECT seq, visit, customer, sealed FROM alert_events WHERE seq > ?1 ORDER BY seq",
             seq);
  std::vector<AlertEvent> events;
  while (events.size() < limit) {
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) break;
    MAITRED_ASSIGN(AlertEvent event, read_event_row(vault_, rows));
    events.push_back(std::move(event));
  }
  return events;
}

Result<std::vector<Feedback>> Visits::feedback(const std::optional<VisitId>& visit) const {
  Query rows(vault_.database(),
             visit ? "SELECT visit, number, customer, sealed FROM feedback WHERE visit = ?1 "
                     "ORDER BY number"
                   : "SELECT visit, number, customer, sealed FROM feedback WHERE ?1 = '' "
                     "ORDER BY n",
             visit.value_or(VisitId()).value);
  std::vector<Feedback> all;
  for (;;) {
    MAITRED_ASSIGN(const bool found, rows.next());
    if (!found) return all;
    MAITRED_ASSIGN(Feedback given, read_feedback_row(vault_, rows));
    all.push_back(std::move(given));
  }
}

Result<std::uint64_t> Visits::take_seq() {
  MAITRED_TRY(vault_.transact([&] {
    ++vault_.ledger().last_seq;
    return vault_.keep_ledger();
  }));
  return last_seq();
}

std::uint64_t Visits::last_seq() const { return vault_.ledger().last_seq; }

}  // namespace maitred
