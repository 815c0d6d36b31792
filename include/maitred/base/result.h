// Errors as values. Result<T> holds a value or what went wrong in the world; MAITRED_CHECK
// (check.h) is for bugs. Exceptions of libraries stop at the edge of the module that calls them.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace maitred {

// Who has to act on the error. The value is the exit status of maitredctl.
enum class Fault {
  kNo = 1,           // a clean no: no match, not verified, nothing to do
  kInput = 2,        // the user's input is wrong
  kEnvironment = 3,  // the box is not ready: no store, locked, no key, model missing, no daemon
};

// An error states what is wrong, where, and what to do, in one line without personal data. `code`
// is a stable snake_case word for programs.
struct Error {
  Fault fault = Fault::kEnvironment;
  std::string code;
  std::string message;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> clean_no(std::string_view code, std::string message) {
  return tl::unexpected<Error>(Error{Fault::kNo, std::string(code), std::move(message)});
}
inline tl::unexpected<Error> input_error(std::string_view code, std::string message) {
  return tl::unexpected<Error>(Error{Fault::kInput, std::string(code), std::move(message)});
}
inline tl::unexpected<Error> environment_error(std::string_view code, std::string message) {
  return tl::unexpected<Error>(Error{Fault::kEnvironment, std::string(code), std::move(message)});
}

}  // namespace maitred

#define MAITRED_CONCAT_(a, b) a##b
#define MAITRED_CONCAT(a, b) MAITRED_CONCAT_(a, b)

// MAITRED_TRY(status_expression) returns the error, if there is one, from the enclosing function.
// The names are counted, so that a lambda within the expression may use the macros too.
#define MAITRED_TRY(expression) \
  MAITRED_TRY_(MAITRED_CONCAT(maitred_status_, __COUNTER__), expression)
#define MAITRED_TRY_(name, expression)              \
  do {                                              \
    auto name = (expression);                       \
    if (!name) return tl::unexpected(name.error()); \
  } while (false)

// MAITRED_ASSIGN(auto name, result_expression) unwraps the value or returns the error.
#define MAITRED_ASSIGN(declaration, expression) \
  MAITRED_ASSIGN_(MAITRED_CONCAT(maitred_result_, __COUNTER__), declaration, expression)
#define MAITRED_ASSIGN_(name, declaration, expression) \
  auto name = (expression);                            \
  if (!name) return tl::unexpected(name.error());      \
  declaration = std::move(*name)
