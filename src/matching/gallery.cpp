#include "maitred/matching/gallery.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

#include "dot_products.h"
#include "maitred/base/secret.h"

namespace maitred {
namespace {

constexpr std::size_t kAlignment_bytes = 64;
constexpr std::size_t kRowLane = kAlignment_bytes / sizeof(float);

float* allocate_rows(std::size_t values) {
  auto* memory = static_cast<float*>(
      ::operator new[](values * sizeof(float), std::align_val_t{kAlignment_bytes}));
  std::fill_n(memory, values, 0.0F);
  return memory;
}

std::size_t rows_for(std::size_t templates, GalleryRows rows) {
  if (templates <= 1) return templates;
  if (rows == GalleryRows::kMean) return 1;
  return rows == GalleryRows::kEach ? templates : templates + 1;
}

}  // namespace

void Gallery::FreeAligned::operator()(float* memory) const {
  wipe(std::span<float>(memory, values));
  ::operator delete[](memory, std::align_val_t{kAlignment_bytes});
}

Status Gallery::check(const Template& candidate) const {
  if (candidate.engine() == engine_ && candidate.values().size() == template_length_) return {};
  return environment_error(
      "template_mismatch",
      fmt::format("a template of engine '{}' with {} values does not fit the gallery of engine "
                  "'{}' with {}; enrol again, or set models.engine back",
                  candidate.engine(), candidate.values().size(), engine_, template_length_));
}

void Gallery::append(std::uint32_t customer, const Template& row) {
  std::copy(row.values().begin(), row.values().end(), values_.get() + rows() * stride_);
  row_customer_.push_back(customer);
}

Result<std::shared_ptr<const Gallery>> Gallery::build(std::string engine,
                                                      std::size_t template_length,
                                                      const std::vector<GalleryEntry>& entries,
                                                      GalleryRows rows) {
  const std::shared_ptr<Gallery> gallery(new Gallery());
  gallery->engine_ = std::move(engine);
  gallery->template_length_ = template_length;
  gallery->stride_ = (template_length + kRowLane - 1) / kRowLane * kRowLane;

  std::map<CustomerId, std::vector<const Template*>> templates_of;
  for (const GalleryEntry& entry : entries) {
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
    gallery->index_of_.emplace(customer, index);
    if (rows != GalleryRows::kMean || templates.size() == 1) {
      for (const Template* one : templates) gallery->append(index, *one);
    }
    if (rows != GalleryRows::kEach && templates.size() > 1) {
      const std::vector<float> weights(templates.size(), 1.0F);
      gallery->append(index, weighted_mean(templates, weights));
    }
  }
  return std::shared_ptr<const Gallery>(gallery);
}

Result<std::vector<Candidate>> Gallery::search(const Template& probe, std::size_t count) const {
  MAITRED_TRY(check(probe));
  WipedVector<float> scores(rows());
  const PaddedProbe padded(probe.values(), stride_);
  dot_products(values_.get(), rows(), stride_, padded.values(), scores.data());

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
    candidates.push_back({customers_[customer], Similarity{score}});
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
  const PaddedProbe padded(probe.values(), stride_);
  dot_products(values_.get() + begin * stride_, scores.size(), stride_, padded.values(),
               scores.data());
  return Similarity{*std::max_element(scores.begin(), scores.end())};
}

}  // namespace maitred
