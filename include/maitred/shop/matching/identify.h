// One-off questions at a desk and at enrolment. Pure.
#pragma once

#include <optional>
#include <vector>

#include "maitred/shop/matching/calibration.h"
#include "maitred/shop/matching/decision_policy.h"
#include "maitred/shop/matching/gallery.h"

namespace maitred {

struct Identified {
  CustomerId customer;
  Confidence confidence = Confidence::kMedium;
};

// 1:N, one try, with one or more photos of the same person (their mean is the probe); nothing when
// nobody is similar enough, or two are too close to each other. Errors: template_mismatch;
// no_probe (kInput) without photos.
Result<std::optional<Identified>> identify(const Gallery& gallery, const DecisionPolicy& policy,
                                           const std::vector<Template>& photos);

// Which photo of one enrolment shows somebody else: the one that resembles the others least, where
// its mean similarity to them is below what all but one stranger in a hundred have. Of two photos
// that do not fit, the second is named. Nothing for fewer than two photos. Errors:
// template_mismatch.
Result<std::optional<std::size_t>> find_outlier(const Calibration& calibration,
                                                const std::vector<Template>& photos);

inline constexpr double kVerificationFmr = 1e-4;

// 1:1; at a tenth of `fmr` for each step of the customer's caution. Errors: unknown_customer
// (kInput), template_mismatch, no_probe.
Result<bool> verify(const Gallery& gallery, const Calibration& calibration,
                    const CustomerId& customer, const std::vector<Template>& photos,
                    double fmr = kVerificationFmr);

// False refusals an enrolment of somebody new. One wrong refusal is answered by --allow-duplicate;
// a face enrolled twice keeps matching after one of the two is forgotten. So this is not stricter
// than an ordinary identification target, and independent of the operator's.
inline constexpr double kDuplicateFpir = 1e-3;

// Who of the gallery the photos of a new customer show already, the most similar first. Each photo
// and their mean are looked up; the budget is split between them. Errors as identify.
Result<std::optional<CustomerId>> find_duplicate(const Gallery& gallery,
                                                 const Calibration& calibration,
                                                 const std::vector<Template>& photos,
                                                 double fpir = kDuplicateFpir);

// Customers whom a new one resembles as one pair of people in ten thousand does, the most similar
// first, at most three: an alert for one of them then has to be clearer (DecisionRules). Errors as
// identify.
Result<std::vector<CustomerId>> find_lookalikes(const Gallery& gallery,
                                                const Calibration& calibration,
                                                const std::vector<Template>& photos);

}  // namespace maitred
