// Confines each use of maitred-eye to the files and calls that it needs.
#pragma once

#include <string_view>

#include "maitred/base/result.h"
#include "maitred/eye/watch/confinement.h"
#include "maitred/settings/settings.h"

namespace maitred {

class EyeConfinement {
 public:
  // Where confinement is not possible: an error if it is `required`, else one line in the log.
  explicit EyeConfinement(bool required) : required_(required) {}

  // The models and the libraries. Call both before any thread runs.
  Status files_for_photos(const Settings& settings);
  // Besides: the configuration, which is read again on SIGHUP, and what the source needs.
  Status files_for_source(const Settings& settings, std::string_view source);

  // Both are called once the models are loaded. For photos, root is given up, too.
  Status calls_for_photos();
  Status calls_for_source(std::string_view source);

 private:
  Status settle(const Status& confined);

  const bool required_;
  bool logged_ = false;
};

}  // namespace maitred
