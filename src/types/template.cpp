#include "maitred/types/template.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "maitred/base/check.h"

namespace maitred {

Template::Template(std::string engine, std::span<const float> values, float quality)
    : engine_(std::move(engine)),
      values_(values.begin(), values.end()),
      quality_(quality >= 0.0F ? std::min(quality, 1.0F) : 0.0F) {
  const double squares =
      std::inner_product(values_.begin(), values_.end(), values_.begin(), 0.0, std::plus<>(),
                         [](double a, double b) { return a * b; });
  // The scale is infinite for denormal values too.
  const auto scale = static_cast<float>(1.0 / std::sqrt(squares));
  if (squares <= 0.0 || !std::isfinite(squares) || !std::isfinite(scale)) {
    std::fill(values_.begin(), values_.end(), 0.0F);
    return;
  }
  for (float& value : values_) value *= scale;
}

Template Template::clone() const { return Template(*this); }

Similarity similarity(const Template& a, const Template& b) {
  MAITRED_CHECK(a.engine() == b.engine() && a.values().size() == b.values().size());
  return Similarity{
      std::inner_product(a.values().begin(), a.values().end(), b.values().begin(), 0.0F)};
}

Template weighted_mean(std::span<const Template* const> templates, std::span<const float> weights) {
  MAITRED_CHECK(!templates.empty() && templates.size() == weights.size());
  const Template& first = *templates.front();
  WipedVector<float> sum(first.values().size(), 0.0F);
  for (std::size_t index = 0; index < templates.size(); ++index) {
    const Template& one = *templates[index];
    MAITRED_CHECK(one.engine() == first.engine() && one.values().size() == sum.size());
    for (std::size_t place = 0; place < sum.size(); ++place) {
      sum[place] += weights[index] * one.values()[place];
    }
  }
  return Template(first.engine(), sum);
}

}  // namespace maitred
