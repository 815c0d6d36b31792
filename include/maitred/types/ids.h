// Typed ids, so that different kinds cannot be mixed.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace maitred {

// A string id of one kind. `Kind` is only a tag.
template <class Kind>
struct TextId {
  std::string value;

  TextId() = default;
  explicit TextId(std::string text) : value(std::move(text)) {}
  bool empty() const { return value.empty(); }
  auto operator<=>(const TextId&) const = default;
};

// A customer: 8 characters of a-z and 2-7, random, never reused.
using CustomerId = TextId<struct CustomerKind>;
// A visit: 12 characters of a-z and 2-7, random.
using VisitId = TextId<struct VisitKind>;

// A track of one eye, counted from 1 since the eye's start.
struct TrackId {
  std::uint64_t value = 0;
  auto operator<=>(const TrackId&) const = default;
};

// Returns `length` random characters of a-z and 2-7, from the system's random numbers.
std::string random_id(std::size_t length);

}  // namespace maitred

template <class Kind>
struct std::hash<maitred::TextId<Kind>> {
  std::size_t operator()(const maitred::TextId<Kind>& id) const {
    return std::hash<std::string>{}(id.value);
  }
};
template <>
struct std::hash<maitred::TrackId> {
  std::size_t operator()(maitred::TrackId id) const { return std::hash<std::uint64_t>{}(id.value); }
};
