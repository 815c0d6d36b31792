#include "maitred/base/clean_environment.h"

#include <gmock/gmock.h>

#include <string>

namespace maitred {
namespace {

using testing::ElementsAre;

TEST(CleanEnvironment, KeepsWhatIsKnownAndDropsTheRest) {
  const char* const from[] = {"PATH=/bin",
                              "MAITRED_PASSPHRASE_FILE=/secret",
                              "LC_ALL=C",
                              "AWS_SECRET=word",
                              "OMP_NUM_THREADS=2",
                              "PATHS=x",
                              "odd",
                              nullptr};
  CleanEnvironment clean(from);
  EXPECT_THAT(clean.variables(), ElementsAre("PATH=/bin", "LC_ALL=C", "OMP_NUM_THREADS=2"));
  EXPECT_STREQ(clean.get()[2], "OMP_NUM_THREADS=2");
  EXPECT_EQ(clean.get()[3], nullptr);
}

TEST(CleanEnvironment, APreloadedLibraryKeepsItsSettingsButNotOurs) {
  const char* const from[] = {"LD_PRELOAD=/lib/faketime.so", "FAKETIME=+1d",
                              "MAITRED_PASSPHRASE_FILE=/secret", nullptr};
  CleanEnvironment clean(from);
  EXPECT_THAT(clean.variables(), ElementsAre("LD_PRELOAD=/lib/faketime.so", "FAKETIME=+1d"));
}

}  // namespace
}  // namespace maitred
