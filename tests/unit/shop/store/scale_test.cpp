// How long things take with many customers: $MAITRED_CUSTOMERS of them (1000). The store is left
// in $MAITRED_KEEP_STORE, for tests/integration/s28_many_customers.py.
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>

#include "maitred/shop/store/backup.h"
#include "store_fixture.h"

namespace maitred {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

class ScaleTest : public StoreTest {
 protected:
  // Milliseconds of the processor: other tests may run beside this one.
  template <class Work>
  static double cost_ms(const char* what, Work work) {
    const std::clock_t start = std::clock();
    work();
    const double took = 1000.0 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    std::printf("%-28s %10.2f ms\n", what, took);
    return took;
  }
};

TEST_F(ScaleTest, Figures) {
  const char* wanted = std::getenv("MAITRED_CUSTOMERS");
  const int customers = wanted != nullptr ? std::atoi(wanted) : 1000;
  constexpr int kBatch = 500;
  CustomerId middle;
  cost_ms("enrol all", [&] {
    Store store = create();
    for (int begin = 0; begin < customers; begin += kBatch) {
      must(store.together([&]() -> Status {
        for (int number = begin; number < begin + kBatch; ++number) {
          const std::string text = std::to_string(number);
          const CustomerId id = must(store.customers().enrol(
              new_customer("Name " + text, fmt::format("L{}", text), static_cast<unsigned>(number)),
              kActor));
          if (number == customers / 2) middle = id;
        }
        return {};
      }));
    }
  });
  std::printf("%d customers, file of %.1f MB\n", customers,
              static_cast<double>(std::filesystem::file_size(path_)) / 1e6);
  if (const char* kept = std::getenv("MAITRED_KEEP_STORE"); kept != nullptr) {
    std::filesystem::copy(folder_, kept, std::filesystem::copy_options::recursive);
  }
  std::optional<Store> store;
  const double start = cost_ms("start (open and check)", [&] { store.emplace(open()); });
  cost_ms("read all, with templates", [&] {
    std::size_t count = 0;
    must(store->customers().for_each_with_templates(
        "retail", [&](Customer&&, std::vector<Template>&& templates) -> Status {
          count += templates.size();
          return {};
        }));
    EXPECT_EQ(count, static_cast<std::size_t>(customers));
  });
  cost_ms("list of all", [&] { must(store->customers().list()); });
  const double list = cost_ms("list, 500 of them", [&] {
    EXPECT_EQ(must(store->customers().list({1, 500})).size(), 500U);
  });
  const double show = cost_ms("show", [&] { must(store->customers().find(middle)); });
  const double look_up = cost_ms("look-up by loyalty id", [&] {
    EXPECT_EQ(must(store->customers().by_loyalty(fmt::format("L{}", customers / 2))), middle);
  });
  const double everything = cost_ms("everything of one", [&] {
    must(store->customers().find(middle));
    must(store->customers().consent_history(middle));
    must(store->customers().templates(middle));
    must(store->visits().list(VisitQuery{middle, {}, false, 0}));
  });
  const double forget = cost_ms("forget", [&] { must(store->forget(middle, kActor)); });
  cost_ms("backup", [&] {
    const auto backup = must(Backup::begin(*store, folder_ / "backup", std::nullopt, kActor));
    while (!must(backup->step()).finished) {
    }
  });
  double longest_step = 0;
  cost_ms("key rotate", [&] {
    must(store->keys().begin_rotation(key_, false, kActor));
    for (bool finished = false; !finished;) {
      const std::clock_t begin = std::clock();
      finished = must(store->keys().rotate_some(key_, 32, kActor)).finished;
      longest_step = std::max(longest_step,
                              1000.0 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
    }
  });
  std::printf("%-28s %10.2f ms\n", "longest step of it", longest_step);
  cost_ms("check every row", [&] { must(store->check()); });
  if (kSanitized) return;  // several times slower
  // What was promised for 200 000; smaller stores are far below.
  EXPECT_LT(start, 5000);
  EXPECT_LT(list, 50);
  EXPECT_LT(show, 50);
  EXPECT_LT(look_up, 50);
  EXPECT_LT(everything, 100);
  EXPECT_LT(forget, 3000);
}

}  // namespace
}  // namespace maitred
