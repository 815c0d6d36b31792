#include "papers.h"

#include <fmt/format.h>

#include <algorithm>

#include "maitred/base/time.h"

namespace maitred {

std::string duration_in_words(Milliseconds duration) {
  using std::chrono::hours;
  const auto whole = [&](hours unit, const char* name) -> std::string {
    if (duration < unit || duration % unit != Milliseconds{0}) return "";
    const auto count = duration / Milliseconds(unit);
    return fmt::format("{} {}{}", count, name, count == 1 ? "" : "s");
  };
  for (const auto& [unit, name] : {std::pair{hours{24 * 365}, "year"}, std::pair{hours{24}, "day"},
                                   std::pair{hours{1}, "hour"}}) {
    const std::string text = whole(unit, name);
    if (!text.empty()) return text;
  }
  return format_duration(duration);
}

namespace {

std::string false_alerts_in_words(double rate) {
  return fmt::format("{:g} in 1000 visitors who are not enrolled", rate * 1000.0);
}

bool any_open(const Settings& settings) {
  return std::any_of(settings.cameras.begin(), settings.cameras.end(),
                     [](const CameraSettings& camera) { return camera.mode == CameraMode::kOpen; });
}

void add_controller(Document& paper, const PrivacySettings& privacy) {
  paper.section("Controller")
      .field("Name and address", privacy.controller)
      .field("Contact", privacy.contact)
      .field("Legal profile", privacy.profile)
      .field("Date, signature", "");
}

void add_cameras(Document& paper, const Settings& settings) {
  paper.section("Cameras");
  for (const CameraSettings& camera : settings.cameras) {
    const auto& [x0, y0, x1, y1] = camera.zone;
    paper.point(
        camera.mode == CameraMode::kOpen
            ? fmt::format("{}: open floor, every face in the picture is compared. Reason given: {}",
                          camera.name, camera.acknowledge_open_floor)
            : fmt::format("{}: check-in; only faces inside {:.0f} to {:.0f} % of the width and "
                          "{:.0f} to {:.0f} % of the height, that stay for {}, are compared",
                          camera.name, x0 * 100, x1 * 100, y0 * 100, y1 * 100,
                          format_duration(camera.dwell)));
  }
  if (settings.cameras.empty()) paper.point("none is configured");
}

void add_data(Document& paper) {
  paper.section("Data")
      .point(
          "Enrolled customers: name, loyalty id, preferences, requests, appointments, visits, "
          "alerts and their outcome; with scope history purchases, with scope feedback answers, "
          "with scope photos the enrolment photos.")
      .point(
          "Biometric data of enrolled customers: templates (numbers computed from a face), used "
          "for recognition alone.")
      .point(
          "Everybody else who passes a camera: a template in working memory until their "
          "track ends; it is compared and wiped. Nothing is written, counted by person or sent.")
      .point("Staff: name of the terminal, claims and outcomes, in the audit chain.");
}

void add_terms(Document& paper, const Settings& settings) {
  paper.section("How long")
      .field("After the last visit", duration_in_words(settings.visits.retention))
      .field("After a withdrawal", duration_in_words(settings.privacy.after_withdrawal) +
                                       "; recognition stops at once, what is kept until then is "
                                       "the proof of consent and withdrawal")
      .field("After the term of consent", "erased by the next daily run")
      .field("On request", "at once, with a signed receipt (maitredctl forget)");
}

void add_measures(Document& paper) {
  paper.section("Measures")
      .point(
          "Everything personal is sealed (XChaCha20-Poly1305) under a key of each customer's "
          "own; erasure destroys that key, in backups as well, where the list of erasures is "
          "replayed before a restored store is used.")
      .point("Templates are kept under a secret rotation, so that stores cannot be linked.")
      .point(
          "Pictures are decoded in a process without keys or network, and never stored unless "
          "the customer agreed (scope photos).")
      .point(
          "Staff see only what the scopes of a consent cover; scores and templates are never "
          "sent.")
      .point(
          "Every enrolment, change of consent, match, alert, answer and administrative act is a "
          "row of an audit chain that shows changes (maitredctl audit verify).")
      .point("Changed, deleted, swapped and older rows or files are found at the start.");
}

Document impact_assessment(const Settings& settings) {
  Document paper("Data protection impact assessment: recognition of customers who asked for it");
  add_controller(paper, settings.privacy);
  paper.section("What is done")
      .paragraph(
          "Customers who asked to be recognised are enrolled with photos after they gave their "
          "explicit consent. When one of them comes in, a member of staff is told who it is and "
          "what the customer asked for. Nobody else is identified.")
      .field("Legal basis", settings.privacy.profile == "bipa"
                                ? "written release of the customer (740 ILCS 14/15(b))"
                                : "explicit consent (GDPR Art. 9(2)(a), Art. 6(1)(a))")
      .field("Engine", settings.engine)
      .field("False alerts aimed at", false_alerts_in_words(settings.false_alert_rate));
  add_cameras(paper, settings);
  add_data(paper);
  add_terms(paper, settings);
  paper.section("Necessity and proportion")
      .paragraph(
          "The service is offered beside others that need no recognition, such as a loyalty "
          "card; refusing has no disadvantage. Why a milder means is not enough:")
      .field("Reasons", "")
      .section("Risks and measures against them")
      .field(
          "Passers-by are scanned",
          any_open(settings)
              ? "an open-floor camera compares everyone in its picture: this needs a legal basis "
                "of its own; signs at the entrance; templates wiped at once"
              : "check-in cameras compare only faces inside a zone after a dwell; signs at the "
                "entrance; templates wiped at once")
      .field("Somebody is mistaken",
             fmt::format("threshold set for {}; staff ask, never assert; outcome wrong_person is "
                         "recorded and reported",
                         false_alerts_in_words(settings.false_alert_rate)))
      .field("Unequal error rates",
             "measure on your own customers: maitredctl evaluate; groups judged:")
      .field("The box is stolen", "sealed store; key on another medium or in the TPM")
      .field("Use for another purpose", "scopes, audit chain, no interface that lists strangers")
      .field("Consent is not free", "incentive on record; withdrawal as easy as consent");
  add_measures(paper);
  paper.section("What remains")
      .point("Whoever is root on the running box can read its memory.")
      .point("A person who looks much like a customer may be greeted as that customer.")
      .field("Judged acceptable by", "");
  return paper;
}

Document records(const Settings& settings) {
  Document paper("Record of processing activities: recognition of customers");
  add_controller(paper, settings.privacy);
  paper.section("Processing")
      .field("Purpose", "to greet and advise customers who asked to be recognised")
      .field("Legal basis", settings.privacy.profile == "bipa"
                                ? "written release (740 ILCS 14/15(b))"
                                : "explicit consent (GDPR Art. 9(2)(a), Art. 6(1)(a))")
      .field("Data subjects", "enrolled customers; passers-by for seconds, in memory; staff")
      .field("Recipients", "advisors in the shop; nobody else")
      .field("Transfers abroad", "none; nothing leaves the box")
      .field("Processors", "");
  add_data(paper);
  add_cameras(paper, settings);
  add_terms(paper, settings);
  add_measures(paper);
  return paper;
}

Document signage(const Settings& settings) {
  Document paper("Cameras here recognise customers who asked for it");
  paper
      .paragraph(
          "If you did not enrol, you are not identified: your face is compared for a moment, "
          "nothing about you is kept.")
      .paragraph(any_open(settings)
                     ? "Faces are compared in the whole picture of the cameras marked below."
                     : "Faces are compared only at the marked check-in spot. You can pass beside "
                       "it.")
      .field("Who is responsible", settings.privacy.controller)
      .field("Questions, and your rights", settings.privacy.contact)
      .field("Why", "to greet and advise customers who enrolled")
      .field("Legal basis", settings.privacy.profile == "bipa" ? "written release" : "consent")
      .field("Kept for", duration_in_words(settings.visits.retention) +
                             " after an enrolled customer's "
                             "last visit, or until withdrawn")
      .paragraph(
          "You can enrol, see what is held, withdraw and be forgotten at any time: ask any "
          "member of staff.");
  return paper;
}

}  // namespace

std::optional<Paper> paper_from_word(std::string_view word) {
  if (word == "dpia") return Paper::kImpactAssessment;
  if (word == "records") return Paper::kRecords;
  if (word == "signage") return Paper::kSignage;
  return std::nullopt;
}

Document write_paper(Paper paper, const Settings& settings) {
  switch (paper) {
    case Paper::kImpactAssessment:
      return impact_assessment(settings);
    case Paper::kRecords:
      return records(settings);
    case Paper::kSignage:
      break;
  }
  return signage(settings);
}

}  // namespace maitred
