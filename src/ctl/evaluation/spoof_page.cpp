#include "maitred/ctl/evaluation/spoof_page.h"

#include <fmt/format.h>

#include "page_style.h"

namespace maitred {
namespace {

std::string spoof_row(const SpoofRate& rate, const char* name) {
  return fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{} ({} to {})</td></tr>",
                     escaped_html(rate.kind.empty() ? "live faces" : rate.kind), rate.presentations,
                     rate.no_response, name, percent(rate.rate), percent(rate.low),
                     percent(rate.high));
}

}  // namespace

std::string spoof_html(const SpoofTrial& trial, const std::string& made_at) {
  std::string html = page_head("Liveness, evaluated");
  html += fmt::format(
      "<p>{}. Live from a score of {:.2f}. BPCER: live faces taken for attacks; APCER: attacks of "
      "a kind taken for live faces; terms of ISO/IEC 30107-3.</p>",
      escaped_html(made_at), trial.threshold);
  html +=
      "<table><tr><th>Presented</th><th>Presentations</th><th>No face found</th><th></th>"
      "<th>Rate (95 %)</th></tr>" +
      spoof_row(trial.bona_fide, "BPCER");
  for (const SpoofRate& rate : trial.attacks) html += spoof_row(rate, "APCER");
  html += "</table><h2>Judged wrongly</h2><ul>";
  for (const std::string& name : trial.mistaken) {
    html += fmt::format("<li>{}</li>", escaped_html(name));
  }
  return html +
         "</ul><p>A colour camera sees paper, screens and their edges. It cannot see depth or "
         "warmth: a good mask, or a good screen without its edges in the picture, passes.</p>"
         "</html>\n";
}

}  // namespace maitred
