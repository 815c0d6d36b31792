#include "maitred/ctl/evaluation/spoof_trial.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "maitred/base/share_interval.h"

namespace maitred {
namespace {

constexpr std::size_t kMostMistaken = 50;

void add_presentation(SpoofRate& rate, const Presentation& one, bool wrong) {
  if (!one.score) {
    ++rate.no_response;
    return;
  }
  ++rate.presentations;
  rate.wrong += wrong ? 1 : 0;
}

void finish(SpoofRate& rate) {
  const auto interval = share_interval(rate.wrong, rate.presentations);
  if (!interval) return;
  rate.rate = interval->estimate;
  rate.low = interval->low;
  rate.high = interval->high;
}

}  // namespace

std::string attack_kind(std::string_view folder) {
  constexpr std::array<std::string_view, 6> kLive = {"live",     "real",      "genuine",
                                                     "bonafide", "bona-fide", "bona_fide"};
  std::string lower(folder);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return std::find(kLive.begin(), kLive.end(), lower) != kLive.end() ? std::string()
                                                                     : std::string(folder);
}

SpoofTrial judge_presentations(const std::vector<Presentation>& presentations, double threshold) {
  SpoofTrial trial;
  trial.threshold = threshold;
  std::map<std::string, SpoofRate> attacks;
  for (const Presentation& one : presentations) {
    const bool taken_for_live = one.score && *one.score >= threshold;
    const bool wrong = one.score && (one.kind.empty() ? !taken_for_live : taken_for_live);
    add_presentation(one.kind.empty() ? trial.bona_fide : attacks[one.kind], one, wrong);
    if (wrong && trial.mistaken.size() < kMostMistaken) trial.mistaken.push_back(one.name);
  }
  finish(trial.bona_fide);
  for (auto& [kind, rate] : attacks) {
    rate.kind = kind;
    finish(rate);
    trial.attacks.push_back(rate);
  }
  return trial;
}

}  // namespace maitred
