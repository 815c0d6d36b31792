#include "doctor_text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace maitred {
namespace {

using nlohmann::json;

std::string text_of(const Findings& findings, bool colour) {
  std::size_t width = 0;
  for (const Finding& one : findings) {
    width = std::max(width, one.check.size() + (one.subject.empty() ? 0 : one.subject.size() + 1));
  }
  std::string text;
  for (const Finding& one : findings) {
    const char* paint = one.verdict == Verdict::kGood     ? "\033[32m"
                        : one.verdict == Verdict::kAdvice ? "\033[33m"
                                                          : "\033[1;31m";
    const std::string what = one.subject.empty() ? one.check : one.check + " " + one.subject;
    text += fmt::format("{}{:<6}{}  {:<{}}  {}\n", colour ? paint : "", verdict_name(one.verdict),
                        colour ? "\033[0m" : "", what, width, one.message);
    if (!one.cure.empty()) text += fmt::format("{:{}}-> {}\n", "", width + 10, one.cure);
  }
  return text;
}

}  // namespace

Answer findings_answer(const Findings& findings) {
  const auto count = [&](Verdict verdict) {
    return std::count_if(findings.begin(), findings.end(),
                         [verdict](const Finding& one) { return one.verdict == verdict; });
  };
  const auto faults = count(Verdict::kFault);
  Answer answer;
  answer.object = {{"ok", faults == 0},
                   {"faults", faults},
                   {"advice", count(Verdict::kAdvice)},
                   {"findings", json::array()}};
  for (const Finding& one : findings) {
    answer.object["findings"].push_back({{"check", one.check},
                                         {"subject", one.subject},
                                         {"verdict", verdict_name(one.verdict)},
                                         {"message", one.message},
                                         {"cure", one.cure}});
  }
  answer.coloured = ::isatty(STDOUT_FILENO) == 1 && !std::getenv("NO_COLOR");
  answer.text = text_of(findings, answer.coloured);
  answer.text += faults == 0
                     ? "\nNo faults found.\n"
                     : fmt::format("\n{} {} found.\n", faults, faults == 1 ? "fault" : "faults");
  answer.status = faults == 0 ? 0 : static_cast<int>(Fault::kNo);
  return answer;
}

}  // namespace maitred
