#include "maitred/ctl/doctor/finding.h"

#include <utility>

namespace maitred {

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kGood:
      return "good";
    case Verdict::kAdvice:
      return "advice";
    case Verdict::kFault:
      return "fault";
  }
  return "fault";
}

Finding good(std::string check, std::string message) {
  return {std::move(check), {}, Verdict::kGood, std::move(message), {}};
}

Finding advice(std::string check, std::string message, std::string cure) {
  return {std::move(check), {}, Verdict::kAdvice, std::move(message), std::move(cure)};
}

Finding fault(std::string check, std::string message, std::string cure) {
  return {std::move(check), {}, Verdict::kFault, std::move(message), std::move(cure)};
}

void add(Findings& all, Findings more, std::string_view subject) {
  for (Finding& finding : more) {
    if (finding.subject.empty()) finding.subject = subject;
    all.push_back(std::move(finding));
  }
}

}  // namespace maitred
