#include "maitred/shop/matching/identify.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "photo_weights.h"

namespace maitred {
namespace {

Result<Template> mean_of(const std::vector<Template>& photos) {
  if (photos.empty()) return input_error("no_probe", "no face to compare: give a photo");
  std::vector<const Template*> templates;
  for (const Template& photo : photos) {
    if (photo.engine() != photos.front().engine() ||
        photo.values().size() != photos.front().values().size()) {
      return environment_error("template_mismatch",
                               "the photos' templates are of different engines; take them again");
    }
    templates.push_back(&photo);
  }
  return weighted_mean(templates, photo_weights(templates));
}

}  // namespace

Result<std::optional<Identified>> identify(const Gallery& gallery, const DecisionPolicy& policy,
                                           const std::vector<Template>& photos) {
  MAITRED_ASSIGN(const Template probe, mean_of(photos));
  MAITRED_ASSIGN(const auto candidates, gallery.search(probe, 2));
  if (candidates.empty() ||
      candidates[0].similarity < policy.threshold(1.0, candidates[0].caution)) {
    return std::nullopt;
  }
  if (candidates.size() > 1) {
    const bool alike = gallery.pair_similarity(candidates[0].customer, candidates[1].customer) >=
                       policy.lookalike_from();
    const float margin = alike ? policy.rules().lookalike_margin : policy.rules().margin;
    if (candidates[0].similarity.value - candidates[1].similarity.value < margin) {
      return std::nullopt;
    }
  }
  return Identified{candidates[0].customer, policy.confidence(candidates[0].similarity)};
}

Result<std::optional<std::size_t>> find_outlier(const Calibration& calibration,
                                                const std::vector<Template>& photos) {
  constexpr double kOutlierFmr = 1e-2;
  if (photos.size() < 2) return std::nullopt;
  MAITRED_TRY(mean_of(photos));  // all of one engine
  std::size_t least = 0;
  float least_mean = 2.0F;
  for (std::size_t i = 0; i < photos.size(); ++i) {
    float sum = 0.0F;
    for (std::size_t j = 0; j < photos.size(); ++j) {
      if (j != i) sum += similarity(photos[i], photos[j]).value;
    }
    const float mean = sum / static_cast<float>(photos.size() - 1);
    if (mean > least_mean) continue;
    least = i;
    least_mean = mean;
  }
  if (Similarity{least_mean} >= calibration.threshold_for(kOutlierFmr)) return std::nullopt;
  return least;
}

Result<bool> verify(const Gallery& gallery, const Calibration& calibration,
                    const CustomerId& customer, const std::vector<Template>& photos, double fmr) {
  MAITRED_ASSIGN(const Template probe, mean_of(photos));
  MAITRED_ASSIGN(const Similarity score, gallery.score(customer, probe));
  return score >= calibration.threshold_for(fmr * std::pow(0.1, gallery.caution(customer)));
}

Result<std::optional<CustomerId>> find_duplicate(const Gallery& gallery,
                                                 const Calibration& calibration,
                                                 const std::vector<Template>& photos, double fpir) {
  MAITRED_ASSIGN(const Template mean, mean_of(photos));
  std::vector<const Template*> probes{&mean};
  if (photos.size() > 1) {
    for (const Template& photo : photos) probes.push_back(&photo);
  }
  const auto policy =
      DecisionPolicy::derive(calibration, DecisionRules{.fpir = fpir}, gallery.rows());
  const Similarity threshold = policy.threshold(1.0 / static_cast<double>(probes.size()));
  std::optional<Candidate> found;
  MAITRED_ASSIGN(const auto best_of_each, gallery.search_each(probes, 1));
  for (const auto& candidates : best_of_each) {
    if (candidates.empty() || candidates[0].similarity < threshold) continue;
    if (!found || candidates[0].similarity > found->similarity) found = candidates[0];
  }
  if (!found) return std::nullopt;
  return found->customer;
}

Result<std::vector<CustomerId>> find_lookalikes(const Gallery& gallery,
                                                const Calibration& calibration,
                                                const std::vector<Template>& photos) {
  constexpr std::size_t kNamed = 3;
  MAITRED_TRY(mean_of(photos));  // some, and all of one engine
  std::vector<const Template*> probes;
  for (const Template& photo : photos) probes.push_back(&photo);
  MAITRED_ASSIGN(const auto best_of_each, gallery.search_each(probes, kNamed));
  std::vector<Candidate> alike;
  for (const auto& candidates : best_of_each) {
    std::copy_if(
        candidates.begin(), candidates.end(), std::back_inserter(alike), [&](const Candidate& one) {
          return one.similarity >= calibration.threshold_for(DecisionPolicy::kLookalikeFmr);
        });
  }
  std::sort(alike.begin(), alike.end(),
            [](const Candidate& a, const Candidate& b) { return a.similarity > b.similarity; });
  std::vector<CustomerId> named;
  for (const Candidate& one : alike) {
    if (named.size() == kNamed) break;
    if (std::find(named.begin(), named.end(), one.customer) == named.end()) {
      named.push_back(one.customer);
    }
  }
  return named;
}

}  // namespace maitred
