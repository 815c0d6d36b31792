// A finding of `maitredctl doctor`: one checked property, its verdict and its cure. Values;
// thread-compatible.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace maitred {

enum class Verdict {
  kGood,
  kAdvice,  // works, but could be improved
  kFault    // must be fixed
};

// Returns "good", "advice" or "fault".
std::string_view verdict_name(Verdict verdict);

struct Finding {
  std::string check;    // the property checked: processor, disk, camera, ...
  std::string subject;  // which one, e.g. the camera's name; may be empty
  Verdict verdict = Verdict::kGood;
  std::string message;  // one line; contains no personal data and no password
  std::string cure;     // what to do, if possible a command; empty if good
};

using Findings = std::vector<Finding>;

Finding good(std::string check, std::string message);
Finding advice(std::string check, std::string message, std::string cure);
Finding fault(std::string check, std::string message, std::string cure);

// Appends `more` to `all`. Sets the subject of findings that have none.
void add(Findings& all, Findings more, std::string_view subject = {});

}  // namespace maitred
