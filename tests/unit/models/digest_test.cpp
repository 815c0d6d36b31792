#include "src/models/digest.h"

#include <gtest/gtest.h>

#include "tests/unit/models/model_fixture.h"

namespace maitred::test {
namespace {

using Digest = ModelFolders;

TEST_F(Digest, IsTheOneGitGives) {
  write_text(models_ / "greeting", "hello\n");
  EXPECT_EQ(git_blob_of_file(models_ / "greeting").value_or(""),
            "ce013625030ba8dba906f756967f9e9ca394464a");
  write_text(models_ / "empty", "");
  EXPECT_EQ(git_blob_of_file(models_ / "empty").value_or(""),
            "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
}

TEST_F(Digest, OfAMissingFileIsAnError) {
  const auto digest = git_blob_of_file(models_ / "absent");
  ASSERT_FALSE(digest);
  EXPECT_EQ(digest.error().code, "file_unreadable");
}

}  // namespace
}  // namespace maitred::test
