// What `maitredctl doctor` says of a box: findings, each with its cure. Values; thread-compatible.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace maitred {

enum class Verdict {
  kGood,
  kAdvice,  // works, and could be better
  kFault    // something needs doing
};

// "good", "advice", "fault".
std::string_view verdict_name(Verdict verdict);

struct Finding {
  std::string check;    // what was looked at, one word: processor, disk, camera, ...
  std::string subject;  // which one of several, e.g. a camera's name; may be empty
  Verdict verdict = Verdict::kGood;
  std::string message;  // one line, no personal data, no passwords
  std::string cure;     // what to do, as a command where there is one; empty when good
};

using Findings = std::vector<Finding>;

Finding good(std::string check, std::string message);
Finding advice(std::string check, std::string message, std::string cure);
Finding fault(std::string check, std::string message, std::string cure);

// `all` gets the findings of `more`, each with the subject, unless it has one.
void add(Findings& all, Findings more, std::string_view subject = {});

}  // namespace maitred
