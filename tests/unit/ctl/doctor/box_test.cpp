#include "maitred/ctl/doctor/box.h"

#include <gtest/gtest.h>

#include <chrono>

namespace maitred {
namespace {

constexpr const char* kNew =
    "processor\t: 0\nmodel name\t: a\nflags\t\t: fpu sse4_1 sse4_2 avx2 avx512f\nbugs\t: x\n";
constexpr const char* kOld = "processor\t: 0\nflags\t\t: fpu sse4_1 sse4_2\n";
constexpr const char* kAncient = "processor\t: 0\nflags\t\t: fpu sse2\n";

TEST(Processor, SaysWhatTheNetworksCanUse) {
  const Finding finding = judge_processor(kNew, 4, 2);
  EXPECT_EQ(finding.verdict, Verdict::kGood);
  EXPECT_NE(finding.message.find("AVX-512"), std::string::npos);
}

TEST(Processor, AdvisesWhereItIsSlowOrShort) {
  EXPECT_EQ(judge_processor(kOld, 4, 1).verdict, Verdict::kAdvice);
  EXPECT_EQ(judge_processor(kNew, 1, 2).verdict, Verdict::kAdvice);
}

TEST(Processor, RefusesOneTheNetworksCannotRunOn) {
  EXPECT_EQ(judge_processor(kAncient, 4, 1).verdict, Verdict::kFault);
  EXPECT_EQ(judge_processor("", 4, 1).verdict, Verdict::kFault);
}

TEST(Memory, CountsTheEyes) {
  const char* text = "MemTotal: 4000000 kB\nMemAvailable:  1000000 kB\nSwapTotal: 0 kB\n";
  EXPECT_EQ(judge_memory(text, 2).front().verdict, Verdict::kGood);
  EXPECT_EQ(judge_memory(text, 4).front().verdict, Verdict::kFault);
}

TEST(Memory, SwapIsToldOf) {
  const char* text = "MemAvailable: 9000000 kB\nSwapTotal: 2000000 kB\n";
  const Findings findings = judge_memory(text, 1);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[1].check, "swap");
  EXPECT_EQ(findings[1].verdict, Verdict::kAdvice);
}

TEST(Disk, FullAndReadOnlyAreFaults) {
  DiskFacts disk{"/srv", std::uint64_t{50} << 30U, 100000, 200000, false};
  EXPECT_EQ(judge_disk(disk).verdict, Verdict::kGood);
  disk.free_bytes = std::uint64_t{500} << 20U;
  EXPECT_EQ(judge_disk(disk).verdict, Verdict::kAdvice);
  disk.free_bytes = 1000;
  EXPECT_EQ(judge_disk(disk).verdict, Verdict::kFault);
  disk.free_bytes = std::uint64_t{50} << 30U;
  disk.free_files = 3;
  EXPECT_EQ(judge_disk(disk).verdict, Verdict::kFault);
  disk.free_files = 100000;
  disk.read_only = true;
  EXPECT_EQ(judge_disk(disk).verdict, Verdict::kFault);
}

TEST(Disk, AFileSystemThatCountsNoFilesIsNotFull) {
  const DiskFacts disk{"/srv", std::uint64_t{50} << 30U, 0, 0, false};
  EXPECT_EQ(judge_disk(disk).verdict, Verdict::kGood);
}

TEST(Clock, AClockOf1970IsAFault) {
  EXPECT_EQ(judge_clock({WallTime{}, true}).verdict, Verdict::kFault);
  const WallTime later = *parse_time("2027-03-01");
  EXPECT_EQ(judge_clock({later, false}).verdict, Verdict::kAdvice);
  EXPECT_EQ(judge_clock({later, true}).verdict, Verdict::kGood);
}

TEST(Box, EveryFindingThatIsNotGoodHasACure) {
  for (const Finding& finding : look_at_box("/no/such/folder", 3)) {
    EXPECT_FALSE(finding.message.empty());
    EXPECT_EQ(finding.cure.empty(), finding.verdict == Verdict::kGood) << finding.check;
  }
}

TEST(Box, AKernelThatCannotConfineIsNamed) {
  EXPECT_EQ(judge_confinement(1, true).verdict, Verdict::kGood);
  const Finding old = judge_confinement(-1, true);
  EXPECT_EQ(old.verdict, Verdict::kFault);
  EXPECT_NE(old.message.find("no Landlock"), std::string::npos);
  EXPECT_FALSE(old.cure.empty());
  EXPECT_NE(judge_confinement(4, false).message.find("no seccomp"), std::string::npos);
}

}  // namespace
}  // namespace maitred
