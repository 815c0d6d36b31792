// The verbs that maitredctl asks of the core. A verb is a free function over the shop, from a
// struct of arguments to a struct of the answer; it is registered here once, with its name and how
// long it may take. The running daemon and an offline maitredctl use the same table.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/admin/fields.h"
#include "maitred/admin/task.h"
#include "maitred/base/result.h"
#include "maitred/shop/store/audit.h"

namespace maitred {

class Shop;

// How long a verb may take.
enum class Length {
  kAtOnce,  // some milliseconds: the answer is there when the call returns
  kSteps,   // longer: the call returns a task; one such verb runs at a time
};

struct Verb {
  std::string name;
  Length length = Length::kAtOnce;
  // One of the two, by length. Errors: bad_usage (kInput) for a field that is unknown, missing or
  // of the wrong type; those of the handler.
  std::function<Result<nlohmann::json>(Shop&, const nlohmann::json& args, const Actor&)> answer;
  std::function<Result<std::unique_ptr<Task>>(Shop&, const nlohmann::json& args, const Actor&)>
      begin;
};

struct NoArgs {
  static void describe(auto&, auto&) {}
};

// Registers `handler`, a Result<Answer>(Shop&, const Args&, const Actor&).
template <Described Args, class Handler>
Verb at_once(std::string name, Handler handler) {
  Verb verb{std::move(name), Length::kAtOnce, {}, {}};
  verb.answer = [handler](Shop& shop, const nlohmann::json& object,
                          const Actor& actor) -> Result<nlohmann::json> {
    MAITRED_ASSIGN(const Args args, read_fields<Args>(object));
    MAITRED_ASSIGN(const auto answer, handler(shop, args, actor));
    return json_of(answer);
  };
  return verb;
}

// Registers `handler`, a Result<std::unique_ptr<TaskOf<Answer>>>(Shop&, const Args&, const Actor&).
template <Described Args, class Handler>
Verb in_steps(std::string name, Handler handler) {
  Verb verb{std::move(name), Length::kSteps, {}, {}};
  verb.begin = [handler](Shop& shop, const nlohmann::json& object,
                         const Actor& actor) -> Result<std::unique_ptr<Task>> {
    MAITRED_ASSIGN(const Args args, read_fields<Args>(object));
    MAITRED_ASSIGN(std::unique_ptr<Task> task, handler(shop, args, actor));
    return task;
  };
  return verb;
}

// The registered verbs, by name. Thread-compatible.
class Verbs {
 public:
  // Every verb of the store.
  Verbs();

  // Adds a verb, or replaces the one of that name.
  void add(Verb verb);
  // Error: bad_usage (kInput) for an unknown name.
  Result<const Verb*> find(std::string_view name) const;
  std::vector<std::string> names() const;

  // Runs a verb of either length to its end.
  using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;
  Result<nlohmann::json> run(std::string_view name, Shop& shop, const nlohmann::json& args,
                             const Actor& actor, const Progress& progress = {}) const;

 private:
  std::map<std::string, Verb, std::less<>> verbs_;
};

// Steps to the end of a task. `progress` may be empty.
Status finish(Task& task, const Verbs::Progress& progress = {});

}  // namespace maitred
