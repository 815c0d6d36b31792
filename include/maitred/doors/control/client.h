// Sends requests to a running core. Blocking.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "maitred/base/file.h"
#include "maitred/base/result.h"
#include "maitred/base/time.h"

namespace maitred {

// One connection. After an error of the connection itself (control_failed) it cannot be used any
// more. Bound to one thread.
class ControlClient {
 public:
  using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

  // Errors (kEnvironment): daemon_absent (no socket, or nobody listens: the caller may open the
  // store itself), control_refused (no permission), control_failed.
  static Result<ControlClient> connect(const std::filesystem::path& socket);

  // Sends {"verb","args"} and waits for the answer; `args` is an object. The core may be silent for
  // `patience` at a time; during long work it sends progress. Errors: the core's own, with fault,
  // code and message; control_failed (kEnvironment) if the connection ends or the answer cannot be
  // read; control_timeout (kEnvironment); request_too_large (kInput).
  Result<nlohmann::json> call(std::string_view verb, const nlohmann::json& args,
                              const Progress& on_progress = {},
                              Milliseconds patience = std::chrono::seconds(120));

 private:
  explicit ControlClient(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
  std::string received_;
};

}  // namespace maitred
