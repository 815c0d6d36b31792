// Error rates of an embedder, in the terms of ISO/IEC 19795-1. Pure.
#pragma once

#include <vector>

namespace maitred::demo {

using Vector = std::vector<float>;  // L2-normalised; empty where no face was found

struct VerificationRow {
  double threshold = 0.0, fmr = 0.0, fnmr = 0.0;
};

// 1:1, every probe against every person's enrolment photo, by threshold. probes[i] are photos of
// the person of enrolled[i]. A photo without a face counts as a non-match.
std::vector<VerificationRow> verification(const std::vector<Vector>& enrolled,
                                          const std::vector<std::vector<Vector>>& probes,
                                          const std::vector<double>& thresholds);

struct Identification {
  double threshold = 0.0, fpir = 0.0, fnir = 0.0;
  double not_found = 0.0;  // share of the probes without a face; they are part of fnir
};

// 1:N, open set: the lowest threshold whose FPIR on `strangers` is at most `fpir_target`, and the
// share of probes whose best match is wrong or below it.
Identification identification(const std::vector<Vector>& enrolled,
                              const std::vector<std::vector<Vector>>& probes,
                              const std::vector<Vector>& strangers, double fpir_target);

}  // namespace maitred::demo
