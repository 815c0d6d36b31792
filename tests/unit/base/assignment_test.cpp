#include "maitred/base/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <random>
#include <set>

namespace maitred {
namespace {

double worth(const std::vector<double>& cost, std::size_t columns, double limit,
             const std::vector<std::optional<std::size_t>>& chosen) {
  double sum = 0.0;
  for (std::size_t row = 0; row < chosen.size(); ++row) {
    if (chosen[row]) sum += limit - cost[row * columns + *chosen[row]];
  }
  return sum;
}

// Tries every assignment, with leaving out.
double best_worth(const std::vector<double>& cost, std::size_t rows, std::size_t columns,
                  double limit, std::size_t row = 0, unsigned used = 0) {
  if (row == rows) return 0.0;
  double best = best_worth(cost, rows, columns, limit, row + 1, used);
  for (std::size_t column = 0; column < columns; ++column) {
    const double value = cost[row * columns + column];
    if ((used >> column & 1U) != 0U || !(value < limit)) continue;
    best = std::max(
        best, limit - value + best_worth(cost, rows, columns, limit, row + 1, used | 1U << column));
  }
  return best;
}

TEST(Assign, IsAsGoodAsTryingEverything) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> value(0.0, 2.0);
  std::uniform_int_distribution<std::size_t> size(1, 6);
  for (int round = 0; round < 3000; ++round) {
    const std::size_t rows = size(random);
    const std::size_t columns = size(random);
    std::vector<double> cost(rows * columns);
    // Whole numbers now and then, so that there are ties.
    for (double& one : cost) one = round % 3 == 0 ? std::floor(value(random) * 2.0) : value(random);
    const auto chosen = assign(cost, rows, columns, 1.3);
    ASSERT_EQ(chosen.size(), rows);
    std::set<std::size_t> taken;
    for (std::size_t row = 0; row < rows; ++row) {
      if (!chosen[row]) continue;
      EXPECT_TRUE(taken.insert(*chosen[row]).second) << "a column was given twice";
      EXPECT_LT(cost[row * columns + *chosen[row]], 1.3);
    }
    ASSERT_NEAR(worth(cost, columns, 1.3, chosen), best_worth(cost, rows, columns, 1.3), 1e-9);
  }
}

TEST(Assign, LeavesOutWhatCostsTheLimitOrIsNotANumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  const auto chosen = assign(std::vector<double>{1.0, nan, infinite, 0.5}, 2, 2, 1.0);
  EXPECT_FALSE(chosen[0]);
  EXPECT_EQ(chosen[1], 1U);
}

TEST(Assign, TakesTheBestPairsNotTheFirst) {
  // Row 0 likes column 0 a little better, but row 1 can only have column 0.
  const auto chosen = assign(std::vector<double>{0.1, 0.2, 0.3, 9.0}, 2, 2, 1.0);
  EXPECT_EQ(chosen[0], 1U);
  EXPECT_EQ(chosen[1], 0U);
}

TEST(Assign, OfNothingIsNothing) {
  EXPECT_TRUE(assign({}, 0, 5, 1.0).empty());
  const auto chosen = assign({}, 3, 0, 1.0);
  ASSERT_EQ(chosen.size(), 3U);
  EXPECT_FALSE(chosen[0] || chosen[1] || chosen[2]);
}

TEST(Assign, CrowdsStayAffordable) {
  constexpr std::size_t kPeople = 300;
  std::mt19937 random(1);
  std::uniform_real_distribution<double> value(0.0, 1.0);
  std::vector<double> cost(kPeople * kPeople);
  for (double& one : cost) one = value(random);
  const auto begin = std::chrono::steady_clock::now();
  const auto chosen = assign(cost, kPeople, kPeople, 2.0);
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(std::count(chosen.begin(), chosen.end(), std::nullopt), 0);
  // Some 10 ms. The limit catches an algorithm that never ends, not a slow machine.
  EXPECT_LT(took, std::chrono::seconds(60));
}

}  // namespace
}  // namespace maitred
