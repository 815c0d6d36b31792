// Asks a running core something. Blocking.
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

// One connection. After an error of the connection itself (control_failed) it is of no more use.
// Bound to one thread.
class ControlClient {
 public:
  using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

  // Errors (kEnvironment): daemon_absent (no socket, or nobody listens: the caller may open the
  // store itself), control_refused (no permission), control_failed.
  static Result<ControlClient> connect(const std::filesystem::path& socket);

  // Sends {"verb","args"} and waits for the answer; `args` is an object. Each silence may last
  // `patience`: a core that is alive sends progress. Errors: what the core answered, with its
  // fault, code and message; control_failed (kEnvironment) when it broke off or said nonsense;
  // control_timeout (kEnvironment); request_too_large (kInput).
  Result<nlohmann::json> call(std::string_view verb, const nlohmann::json& args,
                              const Progress& on_progress = {},
                              Milliseconds patience = std::chrono::seconds(120));

 private:
  explicit ControlClient(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
  std::string received_;
};

}  // namespace maitred
