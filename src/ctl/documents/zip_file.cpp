#include "zip_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <memory>

namespace maitred {
namespace {

struct Free {
  void operator()(archive* writer) const { archive_write_free(writer); }
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

la_ssize_t append(archive*, void* bytes, const void* data, std::size_t length) {
  static_cast<std::string*>(bytes)->append(static_cast<const char*>(data), length);
  return static_cast<la_ssize_t>(length);
}

auto failed(archive* writer) {
  const char* reason = archive_error_string(writer);
  return environment_error("zip_failed", fmt::format("the ZIP archive cannot be made: {}",
                                                     reason != nullptr ? reason : "no memory"));
}

Status add(archive* writer, const ZipEntry& file) {
  const std::unique_ptr<archive_entry, Free> entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), file.name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0600);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(file.content.size()));
  if (archive_write_header(writer, entry.get()) != ARCHIVE_OK) return failed(writer);
  const la_ssize_t written = archive_write_data(writer, file.content.data(), file.content.size());
  if (written != static_cast<la_ssize_t>(file.content.size())) return failed(writer);
  return {};
}

}  // namespace

Result<std::string> zip_file(const std::vector<ZipEntry>& entries) {
  std::string bytes;
  const std::unique_ptr<archive, Free> writer(archive_write_new());
  // Without the second setting the last block is padded with zeros.
  if (archive_write_set_format_zip(writer.get()) != ARCHIVE_OK ||
      archive_write_set_bytes_in_last_block(writer.get(), 1) != ARCHIVE_OK ||
      archive_write_open(writer.get(), &bytes, nullptr, append, nullptr) != ARCHIVE_OK) {
    return failed(writer.get());
  }
  for (const ZipEntry& entry : entries) MAITRED_TRY(add(writer.get(), entry));
  if (archive_write_close(writer.get()) != ARCHIVE_OK) return failed(writer.get());
  return bytes;
}

}  // namespace maitred
