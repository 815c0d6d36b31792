// Optimal one-to-one assignment. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace maitred {

// Assigns each row at most one column and each column at most one row, so that the sum of
// (limit - cost) over the pairs is maximal. Pairs that cost `limit` or more, or whose cost is not a
// number, are never made. `cost` is row-major, rows * columns values.
//
// Shortest augmenting paths (R. Jonker, A. Volgenant, Computing 38, 1987): O(min^2 * max) of rows
// and columns in the worst case; 200 x 200 takes a few milliseconds.
std::vector<std::optional<std::size_t>> assign(std::span<const double> cost, std::size_t rows,
                                               std::size_t columns, double limit);

}  // namespace maitred
