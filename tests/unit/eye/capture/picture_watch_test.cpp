#include "maitred/eye/capture/picture_watch.h"

#include <gtest/gtest.h>

#include <vector>

namespace maitred {
namespace {

using std::chrono::seconds;

class Picture {
 public:
  explicit Picture(std::uint8_t light) : pixels_(std::size_t{3} * 320 * 240, light) {}
  ImageView view() const { return {pixels_.data(), 320, 240, std::size_t{3} * 320}; }
  std::vector<std::uint8_t> pixels_;
};

TEST(PictureWatch, APictureThatStandsStillIsFrozenAfterAWhile) {
  PictureWatch watch;
  const Picture picture(100);
  const Timestamp start{};
  for (int second = 0; second < 10; ++second) watch.see(picture.view(), start + seconds{second});
  EXPECT_FALSE(watch.fault(start + seconds{9}));
  watch.see(picture.view(), start + seconds{10});
  EXPECT_EQ(watch.fault(start + seconds{10}), PictureFault::kFrozen);
}

TEST(PictureWatch, ALittleNoiseIsLife) {
  PictureWatch watch;
  Picture picture(100);
  for (int second = 0; second < 60; ++second) {
    picture.pixels_[0] ^= 1U;
    watch.see(picture.view(), Timestamp{} + seconds{second});
    EXPECT_FALSE(watch.fault(Timestamp{} + seconds{second}));
  }
}

TEST(PictureWatch, ACoveredLensIsBlackAndRecovers) {
  PictureWatch watch;
  Picture black(1);
  for (int second = 0; second <= 10; ++second) {
    black.pixels_[0] ^= 1U;
    watch.see(black.view(), Timestamp{} + seconds{second});
  }
  EXPECT_EQ(watch.fault(Timestamp{} + seconds{10}), PictureFault::kBlack);
  watch.see(Picture(90).view(), Timestamp{} + seconds{11});
  EXPECT_FALSE(watch.fault(Timestamp{} + seconds{11}));
}

TEST(PictureWatch, ANewSourceStartsAnew) {
  PictureWatch watch;
  watch.see(Picture(100).view(), Timestamp{});
  watch.reset();
  watch.see(Picture(100).view(), Timestamp{} + seconds{20});
  EXPECT_FALSE(watch.fault(Timestamp{} + seconds{21}));
}

}  // namespace
}  // namespace maitred
