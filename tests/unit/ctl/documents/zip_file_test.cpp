#include "src/ctl/documents/zip_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include <memory>

namespace maitred {
namespace {

// The entries of an archive, read back.
std::vector<ZipEntry> read_back(const std::string& bytes) {
  struct Free {
    void operator()(archive* reader) const { archive_read_free(reader); }
  };
  const std::unique_ptr<archive, Free> reader(archive_read_new());
  archive_read_support_format_zip(reader.get());
  std::vector<ZipEntry> entries;
  EXPECT_EQ(archive_read_open_memory(reader.get(), bytes.data(), bytes.size()), ARCHIVE_OK);
  archive_entry* head = nullptr;
  while (archive_read_next_header(reader.get(), &head) == ARCHIVE_OK) {
    EXPECT_EQ(archive_entry_perm(head), 0600U);
    ZipEntry entry{archive_entry_pathname(head), {}};
    char part[4096];
    for (la_ssize_t got = 0; (got = archive_read_data(reader.get(), part, sizeof part)) > 0;) {
      entry.content.append(part, static_cast<std::size_t>(got));
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

TEST(ZipFile, WhatIsAddedIsReadBack) {
  std::string binary;
  for (int i = 0; i < 100000; ++i) binary += static_cast<char>(i * 31);
  const std::vector<ZipEntry> files = {
      {"customer.json", "{}\n"}, {"photos/1.jpg", binary}, {"empty.txt", ""}};
  const auto bytes = zip_file(files);
  ASSERT_TRUE(bytes) << bytes.error().message;
  EXPECT_EQ(bytes->substr(0, 4), "PK\x03\x04");
  const auto found = read_back(*bytes);
  ASSERT_EQ(found.size(), files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(found[i].name, files[i].name);
    EXPECT_TRUE(found[i].content == files[i].content) << files[i].name;
  }
}

TEST(ZipFile, TheSameFilesGiveTheSameBytes) {
  const std::vector<ZipEntry> files = {{"a.txt", "a"}, {"b.txt", "b"}};
  const std::string before = *zip_file(files);
  for (const char* zone : {"America/Los_Angeles", "Pacific/Auckland", "UTC"}) {
    ::setenv("TZ", zone, 1);
    ::tzset();
    EXPECT_TRUE(*zip_file(files) == before) << zone;
  }
  ::unsetenv("TZ");
  ::tzset();
}

TEST(ZipFile, AnEmptyArchiveIsOne) {
  const auto bytes = zip_file({});
  ASSERT_TRUE(bytes);
  EXPECT_TRUE(read_back(*bytes).empty());
}

}  // namespace
}  // namespace maitred
