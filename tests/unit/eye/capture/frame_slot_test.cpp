#include "maitred/eye/capture/frame_slot.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace maitred {
namespace {

using std::chrono::seconds;

Frame frame(std::uint64_t sequence) {
  Frame made;
  made.sequence = sequence;
  return made;
}

TEST(FrameSlot, HandsOverWhatWasPut) {
  FrameSlot slot(FrameSlot::Mode::kLatest);
  EXPECT_TRUE(slot.put(frame(7)));
  const auto taken = slot.take(Milliseconds{0});
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->sequence, 7U);
  EXPECT_EQ(slot.dropped(), 0U);
  EXPECT_FALSE(slot.take(Milliseconds{0}));
}

TEST(FrameSlot, KeepsTheLatestAndCountsTheDrops) {
  FrameSlot slot(FrameSlot::Mode::kLatest);
  for (std::uint64_t i = 0; i < 5; ++i) EXPECT_TRUE(slot.put(frame(i)));
  EXPECT_EQ(slot.take(Milliseconds{0})->sequence, 4U);
  EXPECT_EQ(slot.dropped(), 4U);
}

TEST(FrameSlot, AnExtraFrameTakesNobodysPlaceAndIsNoLoss) {
  FrameSlot slot(FrameSlot::Mode::kLatest);
  const auto extra = [](std::uint64_t sequence) {
    Frame made = frame(sequence);
    made.extra = true;
    return made;
  };
  EXPECT_TRUE(slot.put(extra(0)));
  EXPECT_TRUE(slot.put(extra(1)));
  EXPECT_TRUE(slot.put(frame(2)));
  EXPECT_TRUE(slot.put(extra(3)));
  EXPECT_EQ(slot.take(Milliseconds{0})->sequence, 2U);
  EXPECT_EQ(slot.dropped(), 0U);
}

TEST(FrameSlot, AFrameInAClosedSlotIsStillTaken) {
  FrameSlot slot(FrameSlot::Mode::kLatest);
  EXPECT_TRUE(slot.put(frame(1)));
  slot.close();
  EXPECT_FALSE(slot.finished());
  EXPECT_FALSE(slot.put(frame(2)));
  EXPECT_EQ(slot.take(seconds{10})->sequence, 1U);
  EXPECT_TRUE(slot.finished());
  EXPECT_FALSE(slot.take(seconds{10}));
}

TEST(FrameSlot, LosslessProducerWaitsForItsConsumer) {
  FrameSlot slot(FrameSlot::Mode::kLossless);
  constexpr std::uint64_t kFrames = 1000;
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < kFrames; ++i) EXPECT_TRUE(slot.put(frame(i)));
    slot.close();
  });
  std::vector<std::uint64_t> seen;
  while (!slot.finished()) {
    if (const auto taken = slot.take(seconds{10})) seen.push_back(taken->sequence);
  }
  producer.join();
  ASSERT_EQ(seen.size(), kFrames);
  for (std::uint64_t i = 0; i < kFrames; ++i) EXPECT_EQ(seen[i], i);
  EXPECT_EQ(slot.dropped(), 0U);
}

TEST(FrameSlot, EveryFrameOfAFastProducerIsTakenOrCounted) {
  FrameSlot slot(FrameSlot::Mode::kLatest);
  constexpr std::uint64_t kFrames = 20000;
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < kFrames; ++i) slot.put(frame(i));
    slot.close();
  });
  std::uint64_t taken_count = 0;
  std::uint64_t last = 0;
  while (!slot.finished()) {
    const auto taken = slot.take(seconds{10});
    if (!taken) continue;
    if (taken_count > 0) {
      EXPECT_GT(taken->sequence, last);
    }
    last = taken->sequence;
    ++taken_count;
  }
  producer.join();
  EXPECT_EQ(last, kFrames - 1);
  EXPECT_EQ(taken_count + slot.dropped(), kFrames);
}

TEST(FrameSlot, ClosingWakesBothSides) {
  FrameSlot empty(FrameSlot::Mode::kLatest);
  std::thread consumer([&] { EXPECT_FALSE(empty.take(seconds{60})); });
  FrameSlot full(FrameSlot::Mode::kLossless);
  EXPECT_TRUE(full.put(frame(0)));
  std::thread producer([&] { EXPECT_FALSE(full.put(frame(1))); });
  empty.close();
  full.close();
  consumer.join();
  producer.join();
}

}  // namespace
}  // namespace maitred
