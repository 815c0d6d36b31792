#include "maitred/base/time.h"

#include <gtest/gtest.h>

#include <random>

namespace maitred {
namespace {

using namespace std::chrono_literals;

TEST(Time, IsWrittenAsTheContractShows) {
  const WallTime time =
      WallTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}} + 10h + 15min + 3120ms;
  EXPECT_EQ(format_time(time), "2026-11-22T10:15:03.120Z");
  EXPECT_EQ(format_time(WallTime{}), "1970-01-01T00:00:00.000Z");
}

TEST(Time, IsReadInEveryFormItMayHave) {
  const WallTime day{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};
  EXPECT_EQ(parse_time("2026-11-22").value(), day);
  EXPECT_EQ(parse_time("2026-11-22T10:15Z").value(), day + 10h + 15min);
  EXPECT_EQ(parse_time("2026-11-22T10:15:03Z").value(), day + 10h + 15min + 3s);
  EXPECT_EQ(parse_time("2026-11-22T10:15:03.1Z").value(), day + 10h + 15min + 3100ms);
  EXPECT_EQ(parse_time("2026-11-22T10:15:03.123456789Z").value(), day + 10h + 15min + 3123ms);
  EXPECT_EQ(parse_time("2026-11-22T10:15:00+02:00").value(), day + 8h + 15min);
  EXPECT_EQ(parse_time("2026-11-22T23:15:00-01:30").value(), day + 24h + 45min);
  EXPECT_EQ(parse_time("2024-02-29").value(),
            WallTime{std::chrono::sys_days{std::chrono::year{2024} / 2 / 29}});
}

TEST(Time, RefusesWhatIsNotATime) {
  for (const char* text : {"",
                           "now",
                           "2026",
                           "2026-11",
                           "2026-1-22",
                           "2026-13-01",
                           "2026-02-29",
                           "2026-11-31",
                           "2026-11-22T",
                           "2026-11-22T10Z",
                           "2026-11-22T24:00Z",
                           "2026-11-22T10:60Z",
                           "2026-11-22T10:15",
                           "2026-11-22T10:15:61Z",
                           "2026-11-22T10:15:03.Z",
                           "2026-11-22 10:15Z",
                           "2026-11-22T10:15Zx",
                           "2026-11-22T10:15+15:00",
                           "2026-11-22T10:15+01:60",
                           "2026-11-22T10:15+0100",
                           "1969-12-31",
                           "-026-11-22",
                           "22.11.2026",
                           " 2026-11-22",
                           "2026-11-22 ",
                           "1970-01-01T00:00+01:00",
                           "9999-12-31T23:59-01:00"}) {
    const auto time = parse_time(text);
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().code, "bad_time");
    EXPECT_EQ(time.error().fault, Fault::kInput);
  }
}

TEST(Time, SurvivesWritingAndReading) {
  std::mt19937_64 random(3);
  std::uniform_int_distribution<std::int64_t> ms(0, 253402300799999);  // to the end of 9999
  for (int round = 0; round < 2000; ++round) {
    const WallTime time{Milliseconds{ms(random)}};
    ASSERT_EQ(parse_time(format_time(time)).value(), time) << format_time(time);
  }
}

TEST(Duration, IsReadWithItsUnit) {
  EXPECT_EQ(parse_duration("700ms").value(), 700ms);
  EXPECT_EQ(parse_duration("20s").value(), 20s);
  EXPECT_EQ(parse_duration("10m").value(), 10min);
  EXPECT_EQ(parse_duration("1.5h").value(), 90min);
  EXPECT_EQ(parse_duration("30d").value(), 720h);
  EXPECT_EQ(parse_duration("2w").value(), 336h);
  EXPECT_EQ(parse_duration("3y").value(), 3 * 365 * 24h);
  EXPECT_EQ(parse_duration("0s").value(), 0ms);
}

TEST(Duration, RefusesWhatIsNoDuration) {
  for (const char* text : {"",
                           "s",
                           "5",
                           "-5s",
                           "-0s",
                           "5 s",
                           " 5s",
                           "5s ",
                           "5sec",
                           "1e3s",
                           "nan",
                           "nans",
                           "infs",
                           "inf",
                           "5S",
                           "201y",
                           "99999999999999999999y",
                           "0x5s",
                           "5ms5s",
                           "+5s"}) {
    const auto duration = parse_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_EQ(duration.error().code, "bad_duration");
  }
}

TEST(Duration, IsWrittenAsItWouldBeTyped) {
  EXPECT_EQ(format_duration(700ms), "700ms");
  EXPECT_EQ(format_duration(4h), "4h");
  EXPECT_EQ(format_duration(90min), "90m");
  EXPECT_EQ(format_duration(3 * 365 * 24h), "3y");
  EXPECT_EQ(format_duration(0ms), "0s");
  for (const Milliseconds length : {1ms, 999ms, 61000ms, 86400000ms, 123456789ms}) {
    EXPECT_EQ(parse_duration(format_duration(length)).value(), length);
  }
}

}  // namespace
}  // namespace maitred
