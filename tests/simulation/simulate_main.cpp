// Simulates shops, and says what did not hold, with the seed that shows it again.
//
//   simulate --seed 1 --stores 20 --days 365
//   simulate --seed 17 --stores 1 --trace        the history of one of them
#include <fmt/format.h>
#include <sodium.h>

#include <CLI/CLI.hpp>

#include "maitred/base/log.h"
#include "world.h"

namespace {

using maitred::simulation::World;
using maitred::simulation::WorldFigures;
using maitred::simulation::WorldOptions;

// Runs one shop. Prints what did not hold.
bool holds(const WorldOptions& options, WorldFigures& figures) {
  World world(options);
  const auto wrong = world.run();
  figures = world.figures();
  if (!wrong) return true;
  fmt::print("seed {}: {}\n  again: simulate --seed {} --stores 1 --days {} --trace\n",
             options.seed, *wrong, options.seed, options.days);
  return false;
}

bool repeats(const WorldOptions& options, const WorldFigures& first) {
  WorldFigures second;
  (void)holds(options, second);
  if (first.digest == second.digest) return true;
  fmt::print("seed {}: the history does not repeat\n", options.seed);
  return false;
}

void add(WorldFigures& sum, const WorldFigures& one) {
  using Figures = WorldFigures;
  for (std::uint64_t Figures::*figure :
       {&Figures::steps, &Figures::arrivals, &Figures::alerts, &Figures::claims,
        &Figures::withdrawals, &Figures::erasures, &Figures::kills, &Figures::power_failures,
        &Figures::clock_jumps, &Figures::cuts, &Figures::rotations, &Figures::noticed}) {
    sum.*figure += one.*figure;
  }
  sum.digest = sum.digest * 31 + one.digest;
}

}  // namespace

int main(int argc, char** argv) {
  WorldOptions options;
  std::uint64_t stores = 20;
  bool twice = false;
  CLI::App app("Simulates shops under crashes, power failures, clock jumps and cut connections");
  app.add_option("--seed", options.seed, "Seed of the first shop");
  app.add_option("--stores", stores, "Number of shops; each has the next seed");
  app.add_option("--days", options.days, "Days in each shop");
  app.add_flag("--trace", options.trace, "Print what happens");
  app.add_flag("--twice", twice, "Run each shop twice, and compare the histories");
  app.add_flag("--lying-disk", options.lying_disk,
               "The disk says that it has synced and has not; the loss must be noticed");
  CLI11_PARSE(app, argc, argv);
  (void)maitred::start_logging("simulate", "off");
  WorldFigures sum;
  int failed = 0;
  for (std::uint64_t i = 0; i < stores; ++i, ++options.seed) {
    WorldFigures figures;
    const bool held = holds(options, figures) && (!twice || repeats(options, figures));
    if (!held) ++failed;
    add(sum, figures);
  }
  fmt::print(
      "{} shops, {} days each: {} steps, {} arrivals, {} alerts, {} claims, {} withdrawals, {} "
      "erasures, {} kills, {} power failures, {} clock jumps, {} cuts, {} rotations of keys, {} "
      "spoilt stores refused; "
      "digest {:016x}\n{}\n",
      stores, options.days, sum.steps, sum.arrivals, sum.alerts, sum.claims, sum.withdrawals,
      sum.erasures, sum.kills, sum.power_failures, sum.clock_jumps, sum.cuts, sum.rotations,
      sum.noticed, sum.digest,
      failed == 0 ? "All held." : fmt::format("{} shops went wrong.", failed));
  return failed == 0 ? 0 : 1;
}
