// The fields of every sealed record: name in the JSON, member, rule. README.md lists them for
// readers; a field is added at the end as an optional one, so that older records still open.
#pragma once

#include "maitred/base/json_record.h"
#include "records_json.h"

namespace maitred {

inline constexpr std::uint64_t kMostRating = 10;
inline constexpr std::uint64_t kMostEscalation = 2;

inline constexpr auto kAskFields = record_fields<Ask>(
    field("number", &Ask::number), field("text", &Ask::text), field("item", &Ask::item),
    time_ms("at", &Ask::at), field("open", &Ask::open),
    field("external", &Ask::external, kOptionalField));

inline constexpr auto kPurchaseFields =
    record_fields<Purchase>(field("number", &Purchase::number), field("item", &Purchase::item),
                            field("status", &Purchase::status), time_ms("date", &Purchase::date),
                            field("external", &Purchase::external, kOptionalField));

inline constexpr auto kAppointmentFields = record_fields<Appointment>(
    field("number", &Appointment::number), time_ms("at", &Appointment::at),
    field("with", &Appointment::with), field("external", &Appointment::external, kOptionalField));

inline constexpr auto kConsentFields = record_fields<Consent>(
    field("version", &Consent::version), field("reference", &Consent::reference),
    word_field("scopes", &Consent::scopes, scope_from_name, scope_name),
    field("incentive", &Consent::incentive), time_ms("granted", &Consent::granted),
    time_ms("expires", &Consent::expires, kOptionalField),
    time_ms("withdrawn", &Consent::withdrawn, kOptionalField),
    field("purpose", &Consent::purpose, kOptionalField),
    field("channel", &Consent::channel, kOptionalField),
    field("taken_by", &Consent::taken_by, kOptionalField));

inline constexpr auto kProfileFields = record_fields<Profile>(
    field("name", &Profile::name), field("loyalty", &Profile::loyalty),
    field("preferences", &Profile::preferences), field("tier", &Profile::tier, kOptionalField),
    field("note", &Profile::note, kOptionalField),
    field("external", &Profile::external, kOptionalField));

inline constexpr auto kCautionFields =
    record_fields<Caution>(field("steps", &Caution::steps, {.most = kMostCaution}),
                           time_ms("wrong", &Caution::wrong, {.most_elements = kMostWrongAnswers}),
                           time_ms("suspended", &Caution::suspended, kOptionalField));

inline constexpr auto kCustomerFields = record_fields<CustomerRecord>(
    fields_of(&CustomerRecord::profile, kProfileFields),
    time_ms("enrolled", &CustomerRecord::enrolled),
    time_ms("last_visit", &CustomerRecord::last_visit, kOptionalField),
    object_field("caution", &CustomerRecord::caution, kCautionFields, kOptionalField));

inline constexpr auto kVisitFields = record_fields<Visit>(
    field("id", &Visit::id), field("customer", &Visit::customer), field("camera", &Visit::camera),
    time_ms("start", &Visit::start), time_ms("end", &Visit::end),
    word_field("outcome", &Visit::outcome, outcome_from_word, word), field("note", &Visit::note),
    field("holdout", &Visit::holdout));

inline constexpr auto kCustomerViewFields = record_fields<CustomerView>(
    field("id", &CustomerView::id), field("name", &CustomerView::name),
    field("loyalty", &CustomerView::loyalty), field("preferences", &CustomerView::preferences),
    object_field("asks", &CustomerView::asks, kAskFields),
    object_field("recent", &CustomerView::recent, kPurchaseFields),
    field("tier", &CustomerView::tier, kOptionalField),
    field("note", &CustomerView::note, kOptionalField),
    object_field("appointments", &CustomerView::appointments, kAppointmentFields, kOptionalField));

inline constexpr auto kAudienceFields =
    record_fields<Audience>(field("skill", &Audience::skill, kOptionalField),
                            field("zone", &Audience::zone, kOptionalField),
                            field("managers", &Audience::managers, kOptionalField));

inline constexpr auto kAlertFields = record_fields<Alert>(
    field("seq", &Alert::seq), field("visit", &Alert::visit),
    word_field("state", &Alert::state, alert_state_from_word, word), time_ms("at", &Alert::at),
    time_ms("expires", &Alert::expires), field("camera", &Alert::camera),
    field("headline", &Alert::headline),
    word_field("reason", &Alert::reason, reason_from_word, word),
    object_field("customer", &Alert::customer, kCustomerViewFields),
    word_field("confidence", &Alert::confidence, confidence_from_word, word),
    field("escalation", &Alert::escalation, {.most = kMostEscalation}), field("by", &Alert::by),
    word_field("outcome", &Alert::outcome, outcome_from_word, word),
    time_ms("position", &Alert::position, kOptionalField),
    field("rule", &Alert::rule, kOptionalField),
    word_field("priority", &Alert::priority, priority_from_word, word, kOptionalField),
    fields_of(&Alert::audience, kAudienceFields));

inline constexpr auto kStoredAlertFields =
    record_fields<StoredAlert>(fields_of(&StoredAlert::alert, kAlertFields),
                               time_ms("escalates", &StoredAlert::escalates, kOptionalField));

inline constexpr auto kAlertEventFields =
    record_fields<AlertEvent>(field("seq", &AlertEvent::seq), field("visit", &AlertEvent::visit),
                              word_field("state", &AlertEvent::state, alert_state_from_word, word),
                              time_ms("at", &AlertEvent::at), field("by", &AlertEvent::by));

inline constexpr auto kFeedbackFields = record_fields<Feedback>(
    field("visit", &Feedback::visit), field("rating", &Feedback::rating, {.most = kMostRating}),
    field("comment", &Feedback::comment), time_ms("at", &Feedback::at));

inline constexpr auto kStaffFields = record_fields<StaffMember>(
    field("name", &StaffMember::name), time_ms("added", &StaffMember::added),
    field("skills", &StaffMember::skills, kOptionalField),
    field("zones", &StaffMember::zones, kOptionalField),
    field("manager", &StaffMember::manager, kOptionalField),
    field("system", &StaffMember::system, kOptionalField));

inline constexpr auto kTombstoneFields = record_fields<Tombstone>(
    time_ms("erased", &Tombstone::erased), field("epoch", &Tombstone::epoch),
    field("rows", &Tombstone::rows, kOptionalField));

inline constexpr auto kAuditFields = record_fields<AuditRow>(
    field("number", &AuditRow::number), time_ms("at", &AuditRow::at),
    field("actor", &AuditRow::actor), field("action", &AuditRow::action),
    field("subject", &AuditRow::subject), field("detail", &AuditRow::detail),
    field("of_customer", &AuditRow::of_customer, kOptionalField));

inline constexpr auto kAuditSubjectFields = record_fields<AuditSubject>(
    field("subject", &AuditSubject::subject), field("detail", &AuditSubject::detail));

inline constexpr auto kRotationFields = record_fields<RotationState>(
    field("after", &RotationState::after), field("last", &RotationState::last),
    field("old_slot", &RotationState::old_slot), field("done", &RotationState::done),
    field("total", &RotationState::total), field("next_group", &RotationState::next_group),
    field("groups", &RotationState::groups), field("table", &RotationState::table, kOptionalField),
    field("row", &RotationState::row, kOptionalField),
    field("relinked", &RotationState::relinked, kOptionalField),
    field("link", &RotationState::link, kOptionalField),
    field("chain_moved", &RotationState::chain_moved, kOptionalField));

inline constexpr auto kNotedTimeFields = record_fields<NotedTime>(time_ms("at", &NotedTime::at));

// The description of a record by its type.
template <class Record>
inline constexpr auto kFieldsOf = nullptr;
template <>
inline constexpr auto kFieldsOf<CustomerRecord> = kCustomerFields;
template <>
inline constexpr auto kFieldsOf<Consent> = kConsentFields;
template <>
inline constexpr auto kFieldsOf<Ask> = kAskFields;
template <>
inline constexpr auto kFieldsOf<Purchase> = kPurchaseFields;
template <>
inline constexpr auto kFieldsOf<Appointment> = kAppointmentFields;
template <>
inline constexpr auto kFieldsOf<Visit> = kVisitFields;
template <>
inline constexpr auto kFieldsOf<StoredAlert> = kStoredAlertFields;
template <>
inline constexpr auto kFieldsOf<AlertEvent> = kAlertEventFields;
template <>
inline constexpr auto kFieldsOf<Feedback> = kFeedbackFields;
template <>
inline constexpr auto kFieldsOf<StaffMember> = kStaffFields;
template <>
inline constexpr auto kFieldsOf<Tombstone> = kTombstoneFields;
template <>
inline constexpr auto kFieldsOf<AuditRow> = kAuditFields;
template <>
inline constexpr auto kFieldsOf<AuditSubject> = kAuditSubjectFields;
template <>
inline constexpr auto kFieldsOf<RotationState> = kRotationFields;
template <>
inline constexpr auto kFieldsOf<NotedTime> = kNotedTimeFields;

}  // namespace maitred
