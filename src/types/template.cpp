#include "maitred/types/template.h"

#include <cmath>
#include <numeric>

#include "maitred/base/check.h"

namespace maitred {

Template::Template(std::string engine, std::span<const float> values)
    : engine_(std::move(engine)), values_(values.begin(), values.end()) {
  const double squares =
      std::inner_product(values_.begin(), values_.end(), values_.begin(), 0.0,
                         std::plus<>(), [](double a, double b) { return a * b; });
  if (squares <= 0.0 || !std::isfinite(squares)) {
    std::fill(values_.begin(), values_.end(), 0.0F);
    return;
  }
  const auto scale = static_cast<float>(1.0 / std::sqrt(squares));
  for (float& value : values_) value *= scale;
}

Template Template::clone() const { return Template(*this); }

Similarity similarity(const Template& a, const Template& b) {
  MAITRED_CHECK(a.engine() == b.engine() && a.values().size() == b.values().size());
  return Similarity{std::inner_product(a.values().begin(), a.values().end(), b.values().begin(),
                                       0.0F)};
}

}  // namespace maitred
