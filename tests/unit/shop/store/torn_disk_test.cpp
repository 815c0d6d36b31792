// The power fails at the n-th sync of a command, for every n: of what was written since a file's
// last sync, sectors are there, or not, or in part, as the disk pleases. The store is the one
// before or the one after; what was acknowledged is there.
//
// $MAITRED_EVERY_FAULT tries more draws of what is lost at each sync.
#include "torn_disk.h"

#include <cstdlib>

#include "disk_commands.h"
#include "disk_shim.h"

namespace maitred {
namespace {

class TornDiskTest : public DiskTest {
 protected:
  void try_all(const NamedCommand& command) {
    const int draws = std::getenv("MAITRED_EVERY_FAULT") != nullptr ? 100 : 1;
    const auto [before, after] = undisturbed(command);
    int failures = 0;
    int kept = 0;
    bool hit = true;
    for (int sync = 1; hit && sync < 1000; ++sync) {
      for (int draw = 0; hit && draw < draws; ++draw) {
        put_back_base();
        Status done;
        {
          Store store = open();
          disk_.plan(sync, static_cast<unsigned>(1000 * sync + draw));
          done = command.run(store, key_);
          { const Store closing = std::move(store); }
        }
        hit = disk_.dead();
        disk_.plan(0, 0);
        if (!hit) break;
        ++failures;
        const std::string where =
            command.name + ", sync " + std::to_string(sync) + ", draw " + std::to_string(draw);
        auto store = Store::open(path_, key_);
        ASSERT_TRUE(store) << where << ": " << store.error().message;
        EXPECT_EQ(code_of(store->check()), "") << where;
        const std::string now = seen(*store);
        EXPECT_TRUE(now == after || (!done && now == before)) << where << ": " << now;
        kept += now == before ? 1 : 0;
      }
    }
    std::printf("%s: %d power failures, %d times as before\n", command.name.c_str(), failures,
                kept);
    EXPECT_GT(failures, 0) << command.name;
  }

  test::TornDisk disk_;
  const test::DiskShim shim_{disk_};
};

TEST_F(TornDiskTest, EveryCommandIsDoneOrNot) {
  for (const NamedCommand& command : commands()) try_all(command);
}

}  // namespace
}  // namespace maitred
