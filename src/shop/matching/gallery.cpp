#include "maitred/shop/matching/gallery.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <tuple>
#include <utility>

#include "cohort.h"
#include "dot_products.h"
#include "maitred/base/private_pages.h"
#include "maitred/base/secret.h"
#include "photo_weights.h"

namespace maitred {
namespace {

constexpr std::size_t kAlignment_bytes = 64;
constexpr std::size_t kRowLane = kAlignment_bytes / sizeof(float);
// Measured on LFW people: with this exponent, rows of three photos meet the target of false alerts
// as rows of one photo do.
constexpr float kMeanLengthPower = 0.45F;
// Probes of one pass over the rows.
constexpr std::size_t kMostProbes = 16;
constexpr std::uint16_t kNoMember = std::numeric_limits<std::uint16_t>::max();
static_assert(kLargestCohort < kNoMember);

// The length of the mean of unit vectors before it was normalised to `mean`: 1 if they are all the
// same.
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

// A short id stands inside the string object, which neither a move nor its destructor wipes.
void wipe_id(CustomerId& customer) {
  wipe(std::as_writable_bytes(std::span<char>(customer.value)));
}

}  // namespace

// Copies of the members' rows, laid out as the gallery's own.
struct Gallery::Cohort {
  Rows values = allocate(0);
  std::size_t members = 0;
  std::size_t last_hash = 0;  // of the members' ids
  CohortNorm norm;

  std::size_t size() const { return members; }
  // `member` is the place in the cohort of the person in question, or kNoMember.
  float resemblance(const float* face, std::size_t stride, std::uint16_t member) const {
    WipedVector<float> scores(size());
    dot_products(values.get(), size(), stride, face, scores.data());
    return CohortNorm::resemblance(
        scores, member == kNoMember ? std::nullopt : std::optional<std::size_t>(member));
  }
};

void Gallery::FreeAligned::operator()(float* memory) const {
  wipe(std::span<float>(memory, values));
  unmap_private_pages(memory, std::max(values, std::size_t{1}) * sizeof(float));
}

Gallery::Rows Gallery::allocate(std::size_t values) {
  const std::size_t bytes = std::max(values, std::size_t{1}) * sizeof(float);
  return {static_cast<float*>(map_private_pages(bytes)), FreeAligned{values}};
}

Gallery::Place::Place(const CustomerId& customer)
    : hash(std::hash<std::string>{}(customer.value)), id(customer.value) {}

Gallery::Place Gallery::Key::place() const {
  Place place(id);
  return place;
}

Gallery::Gallery(std::string engine, std::size_t template_length)
    : engine_(std::move(engine)),
      template_length_(template_length),
      stride_((template_length + kRowLane - 1) / kRowLane * kRowLane),
      values_(allocate(0)),
      cohort_(std::make_unique<Cohort>()) {}
Gallery::~Gallery() = default;

Status Gallery::check(const Template& candidate) const {
  if (candidate.engine() == engine_ && candidate.values().size() == template_length_) return {};
  return environment_error(
      "template_mismatch",
      fmt::format("a template of engine '{}' with {} values does not fit the gallery of engine "
                  "'{}' with {}; enrol again, or set models.engine back",
                  candidate.engine(), candidate.values().size(), engine_, template_length_));
}

Result<std::unique_ptr<Gallery>> Gallery::build(std::string engine, std::size_t template_length,
                                                const std::vector<GalleryEntry>& entries) {
  auto gallery = std::make_unique<Gallery>(std::move(engine), template_length);
  gallery->reserve(entries.size());
  std::map<CustomerId, GalleryEntry> joined;
  for (const GalleryEntry& entry : entries) {
    GalleryEntry& whole = joined[entry.customer];
    whole.customer = entry.customer;
    whole.caution = std::max(whole.caution, entry.caution);
    for (const Template& one : entry.templates) whole.templates.push_back(one.clone());
  }
  for (const auto& [customer, entry] : joined) {
    MAITRED_TRY(gallery->put(customer, entry.templates, entry.caution));
  }
  gallery->settle_some(gallery->rows());
  return gallery;
}

void Gallery::reserve(std::size_t customers) {
  if (customers <= room_) return;
  Rows larger = allocate(customers * stride_);
  std::copy_n(values_.get(), rows() * stride_, larger.get());
  values_ = std::move(larger);
  room_ = customers;
}

std::optional<std::uint32_t> Gallery::row_of(const CustomerId& customer) const {
  const auto found = row_of_.find(Place(customer));
  if (found == row_of_.end()) return std::nullopt;
  return found->second;
}

void Gallery::write_row(std::size_t index, const std::vector<Template>& templates) {
  const auto write = [place = row(index)](const Template& one, float length) {
    std::transform(one.values().begin(), one.values().end(), place,
                   [length](float value) { return value * length; });
  };
  if (templates.size() == 1) return write(templates[0], 1.0F);
  // The mean is shortened, because a mean resembles everybody more than a single photo does.
  std::vector<const Template*> all;
  for (const Template& one : templates) all.push_back(&one);
  const std::vector<float> weights = photo_weights(all);
  const Template mean = weighted_mean(all, weights);
  write(mean, std::pow(mean_length(all, weights, mean), kMeanLengthPower));
}

Status Gallery::put(const CustomerId& customer, const std::vector<Template>& templates,
                    std::uint32_t caution) {
  for (const Template& one : templates) MAITRED_TRY(check(one));
  if (templates.empty()) {
    remove(customer);
    return {};
  }
  const Place place(customer);
  const auto known = row_of_.lower_bound(place);
  if (known != row_of_.end() && known->first.place() == place) {
    const std::uint32_t index = known->second;
    write_row(index, templates);
    cautions_[index] = caution;
    // The cohort holds a copy of the row, which is out of date now.
    if (members_[index] != kNoMember) cohort_stale_ = true;
    if (index < settled_) settle_row(index);
    return {};
  }
  // Grows by an eighth: growing copies every row, but unused rows are locked memory.
  if (rows() == room_) reserve(rows() + rows() / 8 + 16);
  const std::size_t index = rows();
  write_row(index, templates);
  if (cohort_->size() < kLargestCohort || place.hash <= cohort_->last_hash) cohort_stale_ = true;
  row_of_.emplace_hint(known, std::piecewise_construct, std::forward_as_tuple(customer),
                       std::forward_as_tuple(static_cast<std::uint32_t>(index)));
  customers_.push_back(customer);
  cautions_.push_back(caution);
  shifts_.push_back(0.0F);
  members_.push_back(kNoMember);
  if (settled_ == index) {
    settle_row(index);
    ++settled_;
  }
  return {};
}

// The last row moves to the place of the removed one, so that rows stay contiguous.
void Gallery::remove(const CustomerId& customer) {
  const auto found = row_of_.find(Place(customer));
  if (found == row_of_.end()) return;
  const std::size_t index = found->second;
  const std::size_t last = rows() - 1;
  if (members_[index] != kNoMember) {
    cohort_stale_ = true;
    // The copy in the cohort lives until the next cohort is chosen, so it is wiped here.
    wipe(std::span<float>(cohort_->values.get() + members_[index] * stride_, stride_));
  }
  row_of_.erase(found);
  if (index != last) {
    std::copy_n(row(last), stride_, row(index));
    row_of_.find(Place(customers_[last]))->second = static_cast<std::uint32_t>(index);
    wipe_id(customers_[index]);
    customers_[index] = customers_[last];
    cautions_[index] = cautions_[last];
    shifts_[index] = shifts_[last];
    members_[index] = members_[last];
    if (index < settled_ && last >= settled_) settle_row(index);
  }
  wipe(std::span<float>(row(last), stride_));
  wipe_id(customers_[last]);
  customers_.pop_back();
  cautions_.pop_back();
  shifts_.pop_back();
  members_.pop_back();
  settled_ = std::min(settled_, rows());
}

void Gallery::set_caution(const CustomerId& customer, std::uint32_t steps) {
  if (const auto index = row_of(customer)) cautions_[*index] = steps;
}

void Gallery::choose_cohort() {
  const std::size_t count = rows() < kLeastCohort ? 0 : std::min(rows(), kLargestCohort);
  auto cohort = std::make_unique<Cohort>();
  cohort->values = allocate(count * stride_);
  cohort->members = count;
  std::fill(members_.begin(), members_.end(), kNoMember);
  // row_of_ is ordered by the hash of the id, which is as good as a random sample.
  auto next = row_of_.begin();
  for (std::size_t i = 0; i < count; ++i, ++next) {
    cohort->last_hash = next->first.hash;
    members_[next->second] = static_cast<std::uint16_t>(i);
    std::copy_n(row(next->second), stride_, cohort->values.get() + i * stride_);
  }
  std::vector<float> resemblances;
  for (std::size_t i = 0; i < count; ++i) {
    resemblances.push_back(cohort->resemblance(cohort->values.get() + i * stride_, stride_,
                                               static_cast<std::uint16_t>(i)));
  }
  cohort->norm = CohortNorm(resemblances);
  cohort_ = std::move(cohort);
  cohort_stale_ = false;
  settled_ = 0;
}

void Gallery::settle_row(std::size_t index) {
  const CohortNorm& norm = cohort_->norm;
  shifts_[index] =
      norm.active() ? norm.shift(cohort_->resemblance(row(index), stride_, members_[index])) : 0.0F;
}

bool Gallery::settle_some(std::size_t rows_at_most) {
  if (cohort_stale_) choose_cohort();
  const std::size_t end = settled_ + std::min(rows_at_most, rows() - settled_);
  for (; settled_ < end; ++settled_) settle_row(settled_);
  return settled_ < rows();
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
  const CohortNorm& norm = cohort_->norm;
  if (norm.active()) {
    // The member that the probe resembles most may be the same person, so it says nothing about
    // people in general.
    const auto most = std::max_element(scores.begin(), scores.end()) - scores.begin();
    const float shift =
        norm.shift(cohort_->resemblance(probe, stride_, members_[static_cast<std::size_t>(most)]));
    for (std::size_t i = 0; i < rows(); ++i) scores[i] -= shifts_[i] + shift;
  }

  // `count` is small, so an insertion into a sorted list beats sorting all scores.
  std::vector<std::pair<float, std::size_t>> best;
  for (std::size_t i = 0; i < rows(); ++i) {
    const float score = scores[i];
    if (best.size() == count && (count == 0 || score <= best.back().first)) continue;
    if (best.size() == count) best.pop_back();
    const auto place = std::find_if(best.begin(), best.end(),
                                    [score](const auto& other) { return score > other.first; });
    best.insert(place, {score, i});
  }
  std::vector<Candidate> candidates;
  for (const auto& [score, i] : best) {
    candidates.push_back({customers_[i], Similarity{score}, cautions_[i]});
  }
  return candidates;
}

Result<Similarity> Gallery::score(const CustomerId& customer, const Template& probe) const {
  MAITRED_TRY(check(probe));
  const auto index = row_of(customer);
  if (!index) {
    return input_error(
        "unknown_customer",
        "no customer of this id can be matched now; `maitredctl list` shows the ids");
  }
  const PaddedProbes padded(probe.values(), stride_);
  float score = 0.0F;
  dot_products(row(*index), 1, stride_, padded[0], &score);
  const CohortNorm& norm = cohort_->norm;
  if (norm.active()) {
    score -=
        shifts_[*index] + norm.shift(cohort_->resemblance(padded[0], stride_, members_[*index]));
  }
  return Similarity{score};
}

Similarity Gallery::pair_similarity(const CustomerId& a, const CustomerId& b) const {
  const auto first = row_of(a);
  const auto second = row_of(b);
  if (!first || !second) return Similarity{};
  float score = 0.0F;
  dot_products(row(*first), 1, stride_, row(*second), &score);
  return Similarity{score - shifts_[*first] - shifts_[*second]};
}

std::uint32_t Gallery::caution(const CustomerId& customer) const {
  const auto index = row_of(customer);
  return index ? cautions_[*index] : 0;
}

}  // namespace maitred
