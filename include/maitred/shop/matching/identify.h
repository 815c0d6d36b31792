// Single identifications and verifications, at a desk and at enrolment. Pure.
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

// Identifies (1:N) the person of one or more photos; the probe is their mean. Returns nothing if
// nobody is similar enough, or if two customers are too close to each other. Errors:
// template_mismatch; no_probe (kInput) without photos.
Result<std::optional<Identified>> identify(const Gallery& gallery, const DecisionPolicy& policy,
                                           const std::vector<Template>& photos);

// Finds the photo of one enrolment that shows somebody else: the one that resembles the others
// least, if its mean similarity to them is below that of all but one stranger in a hundred. If two
// photos do not fit each other, the second is named. Returns nothing for fewer than two photos.
// Error: template_mismatch.
Result<std::optional<std::size_t>> find_outlier(const Calibration& calibration,
                                                const std::vector<Template>& photos);

inline constexpr double kVerificationFmr = 1e-4;

// Verifies (1:1). Each step of the customer's caution divides `fmr` by ten. Errors:
// unknown_customer (kInput), template_mismatch, no_probe.
Result<bool> verify(const Gallery& gallery, const Calibration& calibration,
                    const CustomerId& customer, const std::vector<Template>& photos,
                    double fmr = kVerificationFmr);

// Rate at which an enrolment of somebody new is refused wrongly. --allow-duplicate answers a wrong
// refusal, but a face that is enrolled twice keeps matching after one of the two is forgotten. So
// this is not stricter than an ordinary identification target, and independent of the operator's.
inline constexpr double kDuplicateFpir = 1e-3;

// The customer whom the photos of a new customer show already. Searches for each photo and for
// their mean; the budget is split between these searches. Errors as identify.
Result<std::optional<CustomerId>> find_duplicate(const Gallery& gallery,
                                                 const Calibration& calibration,
                                                 const std::vector<Template>& photos,
                                                 double fpir = kDuplicateFpir);

// Customers that a new one resembles as closely as one pair of people in ten thousand does, the
// most similar first, at most three. An alert for one of them needs a larger margin
// (DecisionRules). Errors as identify.
Result<std::vector<CustomerId>> find_lookalikes(const Gallery& gallery,
                                                const Calibration& calibration,
                                                const std::vector<Template>& photos);

}  // namespace maitred
