// The evaluation as one self-contained web page: tables, a DET plot and the identification figures
// as SVG, no script, nothing from elsewhere. Pure.
#pragma once

#include <string>
#include <vector>

#include "maitred/ctl/evaluation/trials.h"

namespace maitred {

struct EvaluationPage {
  std::string title, engine, made_at;
  std::size_t people = 0, photos = 0, unfit = 0, without_face = 0;
};

std::string evaluation_html(const EvaluationPage& page, const Samples& samples,
                            const Verification& verification,
                            const std::vector<IdentificationTrial>& trials);

}  // namespace maitred
