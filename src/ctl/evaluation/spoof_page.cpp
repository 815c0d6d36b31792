#include "maitred/ctl/evaluation/spoof_page.h"

#include <fmt/format.h>

#include "maitred/base/html.h"

namespace maitred {
namespace {

void add_rate(HtmlTable& table, const SpoofRate& rate, const char* name) {
  table.row({rate.kind.empty() ? "live faces" : rate.kind, fmt::format("{}", rate.presentations),
             fmt::format("{}", rate.no_response), name,
             percent_text(rate.rate, rate.low, rate.high)});
}

}  // namespace

std::string spoof_html(const SpoofTrial& trial, const std::string& made_at) {
  using enum HtmlTable::Align;
  HtmlTable rates({{"Presented"},
                   {"Presentations", kRight},
                   {"No face found", kRight},
                   {"Measure"},
                   {"Rate (95 % interval)", kRight}});
  add_rate(rates, trial.bona_fide, "BPCER");
  for (const SpoofRate& rate : trial.attacks) add_rate(rates, rate, "APCER");
  HtmlPage page("Liveness, evaluated");
  page
      .paragraph(fmt::format(
          "{}. A face counts as live from a score of {:.2f}. BPCER is the share of live faces "
          "taken "
          "for attacks. APCER is the share of attacks of a kind taken for live faces. Terms of "
          "ISO/IEC 30107-3.",
          made_at, trial.threshold))
      .table(rates)
      .heading("Wrong decisions")
      .list(trial.mistaken)
      .paragraph(
          "A colour camera sees paper, screens and their edges. It cannot see depth or warmth: a "
          "good mask passes, and so does a good screen whose edges are outside the picture.");
  return page.html();
}

}  // namespace maitred
