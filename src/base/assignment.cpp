#include "maitred/base/assignment.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "maitred/base/check.h"

namespace maitred {
namespace {

// Costs are at most 0 here. A pair that must not be made costs 0, the same as leaving both
// unassigned. Rows are the shorter side, so every row gets a column and the plain algorithm
// applies.
class ShortestPaths {
 public:
  ShortestPaths(std::vector<double> cost, std::size_t rows, std::size_t columns)
      : cost_(std::move(cost)),
        rows_(rows),
        columns_(columns),
        row_potential_(rows, 0.0),
        column_potential_(columns, 0.0),
        row_of_(columns, kNone) {}

  // The row of each column.
  const std::vector<std::size_t>& solve() {
    for (std::size_t row = 0; row < rows_; ++row) augment(row);
    return row_of_;
  }

  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

 private:
  // Dijkstra over reduced costs from `start` to the nearest free column, then flips that path.
  void augment(std::size_t start) {
    std::vector<double> distance(columns_, std::numeric_limits<double>::infinity());
    std::vector<std::size_t> before(columns_, kNone);
    std::vector<bool> done(columns_, false);
    std::size_t row = start;
    std::size_t column = kNone;
    double reached = 0.0;
    std::vector<std::pair<std::size_t, double>> passed;
    do {
      std::size_t nearest = kNone;
      for (std::size_t next = 0; next < columns_; ++next) {
        if (done[next]) continue;
        const double length =
            reached + cost_[row * columns_ + next] - row_potential_[row] - column_potential_[next];
        if (length < distance[next]) {
          distance[next] = length;
          before[next] = column;
        }
        if (nearest == kNone || distance[next] < distance[nearest]) nearest = next;
      }
      column = nearest;
      reached = distance[column];
      done[column] = true;
      passed.emplace_back(column, reached);
      row = row_of_[column];
    } while (row != kNone);

    row_potential_[start] += reached;
    for (const auto& [visited, length] : passed) {
      if (visited == column) continue;
      row_potential_[row_of_[visited]] += reached - length;
      column_potential_[visited] -= reached - length;
    }
    while (column != kNone) {
      const std::size_t previous = before[column];
      row_of_[column] = previous == kNone ? start : row_of_[previous];
      column = previous;
    }
  }

  std::vector<double> cost_;
  std::size_t rows_;
  std::size_t columns_;
  std::vector<double> row_potential_;
  std::vector<double> column_potential_;
  std::vector<std::size_t> row_of_;
};

}  // namespace

std::vector<std::optional<std::size_t>> assign(std::span<const double> cost, std::size_t rows,
                                               std::size_t columns, double limit) {
  MAITRED_CHECK(cost.size() == rows * columns);
  std::vector<std::optional<std::size_t>> result(rows);
  if (cost.empty()) return result;

  const bool turned = rows > columns;
  const std::size_t width = turned ? rows : columns;
  std::vector<double> gains(cost.size(), 0.0);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      const double value = cost[row * columns + column] - limit;
      const std::size_t place = turned ? column * width + row : row * width + column;
      if (value < 0.0) gains[place] = value;
    }
  }
  ShortestPaths paths(std::move(gains), turned ? columns : rows, width);
  const std::vector<std::size_t>& short_of_long = paths.solve();
  for (std::size_t index = 0; index < width; ++index) {
    if (short_of_long[index] == ShortestPaths::kNone) continue;
    const std::size_t row = turned ? index : short_of_long[index];
    const std::size_t column = turned ? short_of_long[index] : index;
    if (cost[row * columns + column] < limit) result[row] = column;
  }
  return result;
}

}  // namespace maitred
