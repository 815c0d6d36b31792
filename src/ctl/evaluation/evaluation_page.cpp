#include "maitred/ctl/evaluation/evaluation_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "maitred/base/text.h"
#include "page_style.h"

namespace maitred {
namespace {

constexpr double kPlotWidth = 560.0;
constexpr double kPlotHeight = 360.0;
constexpr double kMargin = 60.0;

// A power of ten from 1e-6 to 1 on an axis of `length`.
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

std::string trials_table(const std::vector<IdentificationTrial>& trials) {
  std::string rows;
  for (const IdentificationTrial& trial : trials) {
    rows += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{:.3f}</td><td>{} ({} to {})</td><td>{} ({} to "
        "{})</td><td>{}</td></tr>",
        trial.gallery, trial.photos_per_person, percent(trial.fpir_target), trial.threshold,
        percent(trial.fpir), percent(trial.fpir_low), percent(trial.fpir_high), percent(trial.fnir),
        percent(trial.fnir_low), percent(trial.fnir_high), percent(trial.fnir_at_target));
  }
  return "<table><caption>1:N, open set: one photo of each customer and of each stranger. In "
         "brackets 95 %. The last column is at the threshold that has the target on these very "
         "strangers.</caption><tr><th>Customers</th><th>Photos each</th><th>False alerts "
         "allowed</th><th>Threshold</th><th>False alerts (FPIR)</th><th>Missed "
         "(FNIR)</th><th>Missed at target</th></tr>" +
         rows + "</table>";
}

std::string bands_table(const Verification& verification) {
  std::string rows;
  for (const auto& band : verification.bands) {
    rows += fmt::format("<tr><td>{} {:g} to {:g}</td><td>{}</td><td>{} ({} to {})</td></tr>",
                        band.what, band.from, std::min(band.to, 9999.0), band.pairs,
                        percent(band.fnmr), percent(band.fnmr_low), percent(band.fnmr_high));
  }
  return "<table><caption>1:1 by what the photo is like, at FMR 0.1 %; in brackets 95 "
         "%</caption><tr><th>Photo</th>"
         "<th>Pairs</th><th>FNMR</th></tr>" +
         rows + "</table>";
}

std::string pairs_table(const char* caption, const Samples& samples,
                        const std::vector<SuspectPair>& pairs) {
  std::string rows;
  const auto name = [&](std::size_t photo) {
    const Sample& sample = samples.photos[photo];
    return escaped_html(samples.people[sample.person] + "/" + sample.photo);
  };
  for (const SuspectPair& pair : pairs) {
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{:.3f}</td></tr>", name(pair.enrolled),
                        name(pair.probe), pair.similarity);
  }
  return fmt::format(
      "<table><caption>{}</caption><tr><th>Photo</th><th>Photo</th><th>Similarity</th></tr>{}"
      "</table>",
      caption, rows);
}

}  // namespace

std::string evaluation_html(const EvaluationPage& page, const Samples& samples,
                            const Verification& verification,
                            const std::vector<IdentificationTrial>& trials) {
  std::string html = page_head(page.title);
  html += fmt::format(
      "<p>Engine {}, {}. {} people, {} photos; {} unfit for enrolment, {} without a face. Terms of "
      "ISO/IEC 19795-1.</p>",
      escaped_html(page.engine), escaped_html(page.made_at), page.people, page.photos, page.unfit,
      page.without_face);
  html += "<h2>Identification</h2>" + trials_table(trials);
  html += "<h2>Verification</h2><table><tr><th>FMR</th><th>Threshold</th><th>FNMR</th></tr>";
  for (const double fmr : {1e-2, 1e-3, 1e-4, 1e-5}) {
    if (fmr * static_cast<double>(verification.impostor.total()) < 1.0) continue;
    const double threshold = verification.impostor.threshold_for(fmr);
    html += fmt::format("<tr><td>{:g}</td><td>{:.3f}</td><td>{}</td></tr>", fmr, threshold,
                        percent(verification.genuine.share_below(threshold)));
  }
  html += fmt::format("</table><p>{} genuine and {} impostor pairs.</p>",
                      verification.genuine.total(), verification.impostor.total());
  html += det_plot(verification) + bands_table(verification);
  html += "<h2>Photos to look at</h2>";
  html += pairs_table("Different names, yet alike: one person under two names, or look-alikes",
                      samples, verification.alike);
  html += pairs_table("Same name, yet unlike: a photo of somebody else, or a poor one", samples,
                      verification.unlike);
  return html + "</html>\n";
}

}  // namespace maitred
