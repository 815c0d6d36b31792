// [privacy] of the configuration: who answers for the data, and by which rules.
#pragma once

#include <string>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/settings/settings.h"

namespace maitred {

struct PrivacySettings {
  std::string profile = "gdpr";                                 // gdpr, bipa or custom
  std::string controller;                                       // name and address, for papers
  std::string contact;                                          // for questions and rights
  Milliseconds after_withdrawal = std::chrono::hours{24 * 30};  // then the rest goes as well
};

// From the file the settings were read from; read_settings has checked the section already.
// Errors: as read_settings.
Result<PrivacySettings> read_privacy_settings(const Settings& settings);

}  // namespace maitred
