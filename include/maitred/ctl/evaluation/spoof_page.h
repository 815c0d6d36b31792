// A liveness trial as a self-contained web page. Pure.
#pragma once

#include <string>

#include "maitred/ctl/evaluation/spoof_trial.h"

namespace maitred {

std::string spoof_html(const SpoofTrial& trial, const std::string& made_at);

}  // namespace maitred
