// A verb whose work is done in bounded steps, so that matching goes on meanwhile.
#pragma once

#include <cstdint>

#include "maitred/admin/fields.h"
#include "maitred/base/result.h"

namespace maitred {

// Bound to the shop's thread; the shop must outlive it.
class Task {
 public:
  virtual ~Task() = default;
  // Does the next step, which takes a few milliseconds to a few hundred. True when all is done.
  virtual Result<bool> step() = 0;
  // The verb's answer. Requires that step has returned true.
  virtual nlohmann::json answer_json() const = 0;

  std::uint64_t done = 0;
  std::uint64_t total = 0;
};

template <Described Answer>
class TaskOf : public Task {
 public:
  nlohmann::json answer_json() const override { return json_of(answer); }

  Answer answer;  // complete when step has returned true
};

}  // namespace maitred
