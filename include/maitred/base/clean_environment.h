// The environment of a process that decodes what strangers send.
#pragma once

#include <string>
#include <vector>

namespace maitred {

// Keeps what a library may need to run: paths, language, time zone, threads, logs of libraries. A
// variable that nobody has thought of here may hold a secret, so it goes. Where a library is
// preloaded, for a test or a diagnosis, all stay but those of this project: such a library is told
// by variables what to do.
class CleanEnvironment {
 public:
  // Requires a list that ends with null, as `environ` does.
  explicit CleanEnvironment(const char* const* from);

  // For posix_spawn; valid as long as this object.
  char* const* get() { return pointers_.data(); }
  const std::vector<std::string>& variables() const { return variables_; }

 private:
  std::vector<std::string> variables_;
  std::vector<char*> pointers_;
};

}  // namespace maitred
