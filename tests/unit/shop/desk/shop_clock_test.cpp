// A clock that was set back must not bring ended consents to life.
#include <gtest/gtest.h>

#include <filesystem>

#include "maitred/shop/desk/shop.h"

namespace maitred {
namespace {

TEST(ShopClock, AStoreFromTheFutureIsNotOpened) {
  std::string pattern = (std::filesystem::temp_directory_path() / "maitred-clock-XXXXXX").string();
  const std::filesystem::path folder = ::mkdtemp(pattern.data());
  Settings settings;
  KeyAccess key;
  key.source = {KeyKind::kFile, (folder / "key").string()};
  for (const auto& [name, ahead, opens] :
       {std::tuple{"now", std::chrono::hours{0}, true},
        std::tuple{"ten-years", std::chrono::hours{24 * 3650}, false}}) {
    settings.store_path = folder / name;
    ASSERT_TRUE(Store::create(settings.store_path, key, Actor{"uid:0", wall_now() + ahead}));
    const auto shop = Shop::open(settings, key);
    EXPECT_EQ(shop.has_value(), opens) << name;
    if (shop) continue;
    EXPECT_EQ(shop.error().code, "clock_behind");
    EXPECT_EQ(shop.error().fault, Fault::kEnvironment);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace maitred
