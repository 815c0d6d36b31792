#include "maitred/ctl/evaluation/evaluation_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "maitred/base/html.h"

namespace maitred {
namespace {

constexpr double kPlotWidth = 560.0;
constexpr double kPlotHeight = 360.0;
constexpr double kMargin = 60.0;

// Where a rate from 1e-6 to 1 stands on a logarithmic axis of `length`.
double on_log_axis(double rate, double length) {
  const double decade = std::log10(std::clamp(rate, 1e-6, 1.0)) + 6.0;
  return length * decade / 6.0;
}

// Detection error trade-off: FNMR over FMR, both logarithmic.
std::string det_plot(const Verification& verification) {
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"DET plot: false non-match rate over "
      "false match rate\">",
      kPlotWidth + 2 * kMargin, kPlotHeight + 2 * kMargin);
  for (int decade = -6; decade <= 0; ++decade) {
    const double x = kMargin + on_log_axis(std::pow(10.0, decade), kPlotWidth);
    const double y = kMargin + kPlotHeight - on_log_axis(std::pow(10.0, decade), kPlotHeight);
    svg += fmt::format(
        "<line class=\"grid\" x1=\"{0:.1f}\" y1=\"{1}\" x2=\"{0:.1f}\" y2=\"{2}\"/>"
        "<text x=\"{0:.1f}\" y=\"{3}\" text-anchor=\"middle\">1e{4}</text>",
        x, kMargin, kMargin + kPlotHeight, kMargin + kPlotHeight + 18, decade);
    svg += fmt::format(
        "<line class=\"grid\" x1=\"{0}\" y1=\"{1:.1f}\" x2=\"{2}\" y2=\"{1:.1f}\"/>"
        "<text x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\">1e{5}</text>",
        kMargin, y, kMargin + kPlotWidth, kMargin - 8, y + 4, decade);
  }
  std::string points;
  for (double t = -0.2; t < 1.0; t += 0.005) {
    const double fmr = verification.impostor.share_at_least(t);
    const double fnmr = verification.genuine.share_below(t);
    if (fmr <= 0.0 || fnmr <= 0.0) continue;
    points += fmt::format("{:.1f},{:.1f} ", kMargin + on_log_axis(fmr, kPlotWidth),
                          kMargin + kPlotHeight - on_log_axis(fnmr, kPlotHeight));
  }
  svg += fmt::format("<polyline class=\"line\" points=\"{}\"/>", points);
  svg += fmt::format(
      "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">false match rate</text>"
      "<text x=\"14\" y=\"{}\" transform=\"rotate(-90 14 {})\" text-anchor=\"middle\">false "
      "non-match rate</text></svg>",
      kMargin + kPlotWidth / 2, kMargin + kPlotHeight + 40, kMargin + kPlotHeight / 2,
      kMargin + kPlotHeight / 2);
  return svg;
}

using enum HtmlTable::Align;

HtmlTable trials_table(const std::vector<IdentificationTrial>& trials) {
  HtmlTable table({{"Customers", kRight},
                   {"Photos each", kRight},
                   {"False alerts allowed", kRight},
                   {"Threshold", kRight},
                   {"False alerts (FPIR)", kRight},
                   {"Missed (FNIR)", kRight},
                   {"Missed at target", kRight}});
  table.caption(
      "1:N, open set: one photo of each customer and of each stranger. In brackets: 95 % "
      "intervals. "
      "The last column uses the threshold that reaches the target on these same strangers.");
  for (const IdentificationTrial& trial : trials) {
    table.row({fmt::format("{}", trial.gallery), fmt::format("{}", trial.photos_per_person),
               percent_text(trial.fpir_target), fmt::format("{:.3f}", trial.threshold),
               percent_text(trial.fpir, trial.fpir_low, trial.fpir_high),
               percent_text(trial.fnir, trial.fnir_low, trial.fnir_high),
               percent_text(trial.fnir_at_target)});
  }
  return table;
}

HtmlTable thresholds_table(const Verification& verification) {
  HtmlTable table({{"FMR"}, {"Threshold", kRight}, {"FNMR", kRight}});
  for (const double fmr : {1e-2, 1e-3, 1e-4, 1e-5}) {
    if (fmr * static_cast<double>(verification.impostor.total()) < 1.0) continue;
    const double threshold = verification.impostor.threshold_for(fmr);
    table.row({fmt::format("{:g}", fmr), fmt::format("{:.3f}", threshold),
               percent_text(verification.genuine.share_below(threshold))});
  }
  return table;
}

HtmlTable bands_table(const Verification& verification) {
  HtmlTable table({{"Photo"}, {"Pairs", kRight}, {"FNMR", kRight}});
  table.caption(
      "1:1 by size, quality and light of the photo, at FMR 0.1 %. In brackets: 95 % "
      "intervals.");
  for (const auto& band : verification.bands) {
    table.row({fmt::format("{} {:g} to {:g}", band.what, band.from, std::min(band.to, 9999.0)),
               fmt::format("{}", band.pairs),
               percent_text(band.fnmr, band.fnmr_low, band.fnmr_high)});
  }
  return table;
}

HtmlTable pairs_table(std::string caption, const Samples& samples,
                      const std::vector<SuspectPair>& pairs) {
  HtmlTable table({{"Photo"}, {"Photo"}, {"Similarity", kRight}});
  table.caption(std::move(caption));
  const auto name = [&](std::size_t photo) {
    const Sample& sample = samples.photos[photo];
    return samples.people[sample.person] + "/" + sample.photo;
  };
  for (const SuspectPair& pair : pairs) {
    table.row({name(pair.enrolled), name(pair.probe), fmt::format("{:.3f}", pair.similarity)});
  }
  return table;
}

}  // namespace

std::string evaluation_html(const EvaluationPage& page, const Samples& samples,
                            const Verification& verification,
                            const std::vector<IdentificationTrial>& trials) {
  HtmlPage out(page.title);
  out.paragraph(fmt::format("Engine {}, {}. {} people, {} photos; {} unfit for enrolment, {} "
                            "without a face. Terms of ISO/IEC 19795-1.",
                            page.engine, page.made_at, page.people, page.photos, page.unfit,
                            page.without_face))
      .heading("Identification")
      .table(trials_table(trials))
      .heading("Verification")
      .table(thresholds_table(verification))
      .paragraph(fmt::format("{} genuine and {} impostor pairs.", verification.genuine.total(),
                             verification.impostor.total()))
      .markup(det_plot(verification))
      .table(bands_table(verification))
      .heading("Photos to check")
      .table(pairs_table("Different names, but alike: one person under two names, or look-alikes",
                         samples, verification.alike))
      .table(pairs_table("Same name, but unlike: a photo of somebody else, or a poor one", samples,
                         verification.unlike));
  return out.html();
}

}  // namespace maitred
