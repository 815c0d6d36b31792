#include "maitred/matching/gallery.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <new>
#include <utility>

#include "cohort.h"
#include "dot_products.h"
#include "maitred/base/private_pages.h"
#include "maitred/base/secret.h"
#include "photo_weights.h"

namespace maitred {
namespace {

constexpr std::size_t kAlignment_bytes = 64;
// Measured on LFW people: with it, false alerts of rows of three photos meet the target as those of
// one photo do.
constexpr float kMeanLengthPower = 0.45F;
// No shift is as large: similarities are cosines.
constexpr float kUnknownShift = 9.0F;
// Of one pass over the rows.
constexpr std::size_t kMostProbes = 16;
constexpr std::size_t kRowLane = kAlignment_bytes / sizeof(float);

float* allocate_rows(std::size_t values) {
  return static_cast<float*>(map_private_pages(std::max(values, std::size_t{1}) * sizeof(float)));
}

std::size_t rows_for(std::size_t templates, GalleryRows rows) {
  if (templates <= 1) return templates;
  if (rows == GalleryRows::kMean) return 1;
  return rows == GalleryRows::kEach ? templates : templates + 1;
}

// Of the mean of unit vectors, before it is normalised to `mean`: 1 when they are all the same.
float mean_length(const std::vector<const Template*>& templates, const std::vector<float>& weights,
                  const Template& mean) {
  float sum = 0.0F;
  float whole = 0.0F;
  for (std::size_t i = 0; i < templates.size(); ++i) {
    sum += weights[i] * similarity(*templates[i], mean).value;
    whole += weights[i];
  }
  return std::clamp(sum / whole, 0.0F, 1.0F);
}

}  // namespace

// Copies of one row a member, laid out as the gallery's own.
struct Gallery::Cohort {
  std::unique_ptr<float[], FreeAligned> values{nullptr, FreeAligned{0}};
  std::vector<std::uint32_t> customers;  // ascending
  std::vector<CustomerId> ids;
  CohortNorm norm;

  std::size_t size() const { return customers.size(); }
  std::optional<std::size_t> member(std::uint32_t customer) const {
    const auto at = std::lower_bound(customers.begin(), customers.end(), customer);
    if (at == customers.end() || *at != customer) return std::nullopt;
    return static_cast<std::size_t>(at - customers.begin());
  }
  float resemblance(const float* face, std::size_t stride,
                    std::optional<std::uint32_t> customer) const {
    WipedVector<float> scores(size());
    dot_products(values.get(), size(), stride, face, scores.data());
    return CohortNorm::resemblance(scores, customer ? member(*customer) : std::nullopt);
  }
};

Gallery::Gallery() : cohort_(std::make_unique<Cohort>()) {}
Gallery::~Gallery() = default;

void Gallery::FreeAligned::operator()(float* memory) const {
  wipe(std::span<float>(memory, values));
  unmap_private_pages(memory, std::max(values, std::size_t{1}) * sizeof(float));
}

Status Gallery::check(const Template& candidate) const {
  if (candidate.engine() == engine_ && candidate.values().size() == template_length_) return {};
  return environment_error(
      "template_mismatch",
      fmt::format("a template of engine '{}' with {} values does not fit the gallery of engine "
                  "'{}' with {}; enrol again, or set models.engine back",
                  candidate.engine(), candidate.values().size(), engine_, template_length_));
}

void Gallery::append(std::uint32_t customer, const Template& row, float length) {
  float* const place = values_.get() + rows() * stride_;
  std::transform(row.values().begin(), row.values().end(), place,
                 [length](float value) { return value * length; });
  row_customer_.push_back(customer);
}

// Who belongs to the cohort hardly changes when customers come and go: those whose ids have the
// lowest hashes.
void Gallery::choose_members() {
  std::vector<std::pair<std::size_t, std::uint32_t>> order;
  for (std::uint32_t i = 0; i < customers_.size(); ++i) {
    order.emplace_back(std::hash<std::string>{}(customers_[i].value), i);
  }
  const std::size_t count = std::min(order.size(), kLargestCohort);
  std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count - 1),
                   order.end());
  Cohort& cohort = *cohort_;
  for (std::size_t i = 0; i < count; ++i) cohort.customers.push_back(order[i].second);
  std::sort(cohort.customers.begin(), cohort.customers.end());
  cohort.values = {allocate_rows(count * stride_), FreeAligned{count * stride_}};
  for (std::size_t i = 0; i < count; ++i) {
    cohort.ids.push_back(customers_[cohort.customers[i]]);
    // The last row of a customer: the mean where there is one.
    const auto after =
        std::upper_bound(row_customer_.begin(), row_customer_.end(), cohort.customers[i]);
    const auto row = static_cast<std::size_t>(after - row_customer_.begin()) - 1;
    std::copy_n(values_.get() + row * stride_, stride_, cohort.values.get() + i * stride_);
  }
}

void Gallery::normalise(const Gallery* previous) {
  if (customers_.size() < kLeastCohort) return;
  choose_members();
  Cohort& cohort = *cohort_;
  const bool same_cohort = previous != nullptr && previous->stride_ == stride_ &&
                           previous->cohort_->ids == cohort.ids &&
                           std::memcmp(previous->cohort_->values.get(), cohort.values.get(),
                                       cohort.size() * stride_ * sizeof(float)) == 0;
  if (same_cohort) {
    cohort.norm = previous->cohort_->norm;
    row_shift_ = shifts_known_to(*previous);
  } else {
    std::vector<float> resemblances;
    for (std::size_t i = 0; i < cohort.size(); ++i) {
      resemblances.push_back(
          cohort.resemblance(cohort.values.get() + i * stride_, stride_, cohort.customers[i]));
    }
    cohort.norm = CohortNorm(cohort.size(), resemblances);
    row_shift_.assign(rows(), kUnknownShift);
  }
  for (std::size_t row = 0; row < rows(); ++row) {
    if (row_shift_[row] != kUnknownShift) continue;
    row_shift_[row] = cohort.norm.shift(
        cohort.resemblance(values_.get() + row * stride_, stride_, row_customer_[row]));
  }
}

// Of the rows that both galleries have; both are in the order of ids.
std::vector<float> Gallery::shifts_known_to(const Gallery& previous) const {
  std::vector<float> shifts(rows(), kUnknownShift);
  std::size_t old = 0;
  for (std::size_t row = 0; row < rows(); ++row) {
    const CustomerId& id = customers_[row_customer_[row]];
    while (old < previous.rows() && previous.customers_[previous.row_customer_[old]] < id) ++old;
    if (old == previous.rows()) break;
    const bool same = previous.customers_[previous.row_customer_[old]] == id &&
                      std::memcmp(previous.values_.get() + old * stride_,
                                  values_.get() + row * stride_, stride_ * sizeof(float)) == 0;
    if (same) shifts[row] = previous.row_shift_[old++];
  }
  return shifts;
}

float Gallery::probe_shift(const float* probe, std::optional<std::uint32_t> customer) const {
  if (!cohort_->norm.active()) return 0.0F;
  return cohort_->norm.shift(cohort_->resemblance(probe, stride_, customer));
}

Result<std::shared_ptr<const Gallery>> Gallery::build(std::string engine,
                                                      std::size_t template_length,
                                                      const std::vector<GalleryEntry>& entries,
                                                      GalleryRows rows, const Gallery* previous) {
  const std::shared_ptr<Gallery> gallery(new Gallery());
  gallery->engine_ = std::move(engine);
  gallery->template_length_ = template_length;
  gallery->stride_ = (template_length + kRowLane - 1) / kRowLane * kRowLane;

  std::map<CustomerId, std::vector<const Template*>> templates_of;
  std::map<CustomerId, std::uint32_t> caution_of;
  for (const GalleryEntry& entry : entries) {
    std::uint32_t& caution = caution_of[entry.customer];
    caution = std::max(caution, entry.caution);
    for (const Template& one : entry.templates) {
      MAITRED_TRY(gallery->check(one));
      templates_of[entry.customer].push_back(&one);
    }
  }
  std::size_t count = 0;
  for (const auto& [customer, templates] : templates_of) count += rows_for(templates.size(), rows);
  const std::size_t values = count * gallery->stride_;
  gallery->values_ = {allocate_rows(values), FreeAligned{values}};
  gallery->row_customer_.reserve(count);

  for (const auto& [customer, templates] : templates_of) {
    const auto index = static_cast<std::uint32_t>(gallery->customers_.size());
    gallery->customers_.push_back(customer);
    gallery->cautions_.push_back(caution_of.at(customer));
    gallery->index_of_.emplace(customer, index);
    if (rows != GalleryRows::kMean || templates.size() == 1) {
      for (const Template* one : templates) gallery->append(index, *one, 1.0F);
    }
    if (rows != GalleryRows::kEach && templates.size() > 1) {
      const std::vector<float> weights = photo_weights(templates);
      const Template mean = weighted_mean(templates, weights);
      gallery->append(index, mean,
                      std::pow(mean_length(templates, weights, mean), kMeanLengthPower));
    }
  }
  gallery->normalise(previous);
  return std::shared_ptr<const Gallery>(gallery);
}

Result<std::vector<Candidate>> Gallery::search(const Template& probe, std::size_t count) const {
  MAITRED_TRY(check(probe));
  WipedVector<float> scores(rows());
  const PaddedProbes padded(probe.values(), stride_);
  dot_products(values_.get(), rows(), stride_, padded[0], scores.data());
  return best_of(padded[0], scores, count);
}

Result<std::vector<std::vector<Candidate>>> Gallery::search_each(
    const std::vector<const Template*>& probes, std::size_t count) const {
  for (const Template* probe : probes) MAITRED_TRY(check(*probe));
  std::vector<std::vector<Candidate>> found;
  for (std::size_t first = 0; first < probes.size(); first += kMostProbes) {
    std::vector<std::span<const float>> some;
    for (std::size_t i = first; i < std::min(first + kMostProbes, probes.size()); ++i) {
      some.push_back(probes[i]->values());
    }
    const PaddedProbes padded(some, stride_);
    WipedVector<float> scores(padded.padded_count() * rows());
    dot_products(values_.get(), rows(), padded, scores.data());
    for (std::size_t i = 0; i < some.size(); ++i) {
      found.push_back(best_of(padded[i], std::span(scores).subspan(i * rows(), rows()), count));
    }
  }
  return found;
}

std::vector<Candidate> Gallery::best_of(const float* probe, std::span<float> scores,
                                        std::size_t count) const {
  if (cohort_->norm.active()) {
    // Whoever the probe resembles most may be who it is, and says nothing of people in general.
    const auto most = std::max_element(scores.begin(), scores.end()) - scores.begin();
    const float shift = probe_shift(probe, row_customer_[static_cast<std::size_t>(most)]);
    for (std::size_t row = 0; row < rows(); ++row) scores[row] -= row_shift_[row] + shift;
  }

  // The rows of a customer are neighbours: reduce them to the best, and keep the `count` best.
  std::vector<std::pair<float, std::uint32_t>> best;
  for (std::size_t row = 0; row < rows();) {
    const std::uint32_t customer = row_customer_[row];
    float score = scores[row];
    while (++row < rows() && row_customer_[row] == customer) score = std::max(score, scores[row]);
    if (best.size() == count && (count == 0 || score <= best.back().first)) continue;
    if (best.size() == count) best.pop_back();
    const auto place = std::find_if(best.begin(), best.end(),
                                    [score](const auto& other) { return score > other.first; });
    best.insert(place, {score, customer});
  }
  std::vector<Candidate> candidates;
  for (const auto& [score, customer] : best) {
    candidates.push_back({customers_[customer], Similarity{score}, cautions_[customer]});
  }
  return candidates;
}

Result<Similarity> Gallery::score(const CustomerId& customer, const Template& probe) const {
  MAITRED_TRY(check(probe));
  const auto found = index_of_.find(customer);
  if (found == index_of_.end()) {
    return input_error(
        "unknown_customer",
        "no customer of this id can be matched now; `maitredctl list` shows the ids");
  }
  const auto [first, last] =
      std::equal_range(row_customer_.begin(), row_customer_.end(), found->second);
  const auto begin = static_cast<std::size_t>(first - row_customer_.begin());
  WipedVector<float> scores(static_cast<std::size_t>(last - first));
  const PaddedProbes padded(probe.values(), stride_);
  dot_products(values_.get() + begin * stride_, scores.size(), stride_, padded[0], scores.data());
  if (cohort_->norm.active()) {
    const float shift = probe_shift(padded[0], found->second);
    for (std::size_t i = 0; i < scores.size(); ++i) scores[i] -= row_shift_[begin + i] + shift;
  }
  return Similarity{*std::max_element(scores.begin(), scores.end())};
}

Similarity Gallery::likeness(const CustomerId& a, const CustomerId& b) const {
  const auto first = index_of_.find(a);
  const auto second = index_of_.find(b);
  if (first == index_of_.end() || second == index_of_.end()) return Similarity{};
  const auto rows_of = [this](std::uint32_t customer) {
    const auto [begin, end] =
        std::equal_range(row_customer_.begin(), row_customer_.end(), customer);
    return std::pair(static_cast<std::size_t>(begin - row_customer_.begin()),
                     static_cast<std::size_t>(end - row_customer_.begin()));
  };
  const auto [from, to] = rows_of(second->second);
  WipedVector<float> scores(to - from);
  float best = -1.0F;
  const auto [row, end] = rows_of(first->second);
  for (std::size_t i = row; i < end; ++i) {
    dot_products(values_.get() + from * stride_, scores.size(), stride_,
                 values_.get() + i * stride_, scores.data());
    for (std::size_t j = 0; j < scores.size(); ++j) {
      const float shift = row_shift_.empty() ? 0.0F : row_shift_[i] + row_shift_[from + j];
      best = std::max(best, scores[j] - shift);
    }
  }
  return Similarity{best};
}

std::uint32_t Gallery::caution(const CustomerId& customer) const {
  const auto found = index_of_.find(customer);
  return found == index_of_.end() ? 0 : cautions_[found->second];
}

}  // namespace maitred
