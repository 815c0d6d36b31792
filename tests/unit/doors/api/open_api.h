// Checks answers against the description of the HTTP API.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace maitred {

// An OpenAPI document. Knows the few keywords that maitred's own uses; any other is an error, so
// that nothing passes because it was not understood.
class OpenApi {
 public:
  explicit OpenApi(nlohmann::json document) : document_(std::move(document)) {}

  const nlohmann::json& document() const { return document_; }

  // What is wrong with `body` as the answer of this operation; empty if nothing is. A path or
  // method that is not described has the schema Error.
  std::string problem(const std::string& method, const std::string& path, int status,
                      const nlohmann::json& body) const;

  // What is wrong with `value` as an instance of `schema`; empty if nothing is.
  std::string mismatch(const nlohmann::json& schema, const nlohmann::json& value,
                       const std::string& where = "$") const;

  // The target of {"$ref": "#/..."}, or the value itself.
  const nlohmann::json& resolved(const nlohmann::json& value) const;

 private:
  std::string object_mismatch(const nlohmann::json& schema, const nlohmann::json& value,
                              const std::string& where) const;
  std::string keyword_mismatch(const std::string& keyword, const nlohmann::json& wanted,
                               const nlohmann::json& schema, const nlohmann::json& value,
                               const std::string& where) const;
  const nlohmann::json* operation(const std::string& method, const std::string& path) const;

  nlohmann::json document_;
};

}  // namespace maitred
