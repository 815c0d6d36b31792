// The frames of a backup, written and read one at a time.
#pragma once

#include <sodium.h>

#include <filesystem>
#include <optional>

#include "backup_format.h"
#include "maitred/base/file.h"
#include "maitred/base/result.h"

namespace maitred {

class BackupSource;

// Error of all writing: backup_failed (kEnvironment), naming the file.
class BackupSink {
 public:
  // Makes the file, of mode 0600, and writes the head.
  static Result<BackupSink> create(const std::filesystem::path& file, const BackupHead& head,
                                   const SecretBytes& key);
  // Goes on after the last frame that `earlier` has read: what comes after it is cut off. What is
  // written then must be what was, or would have been, written there before: under the same key and
  // nonce nothing else may stand.
  static Result<BackupSink> go_on(const std::filesystem::path& file, BackupSource earlier);
  Status write(ByteView clear, bool last);
  // To disk.
  Status finish();
  std::uint64_t bytes() const { return bytes_; }
  // Of the head and the stream's.
  Digest head_digest() const;
  // Why writing failed: there is no room.
  bool full() const { return full_; }

 private:
  BackupSink() = default;
  tl::unexpected<Error> failed();
  Status put(ByteView bytes);

  std::filesystem::path file_;
  UniqueFd fd_;
  SecretBytes stream_{sizeof(crypto_secretstream_xchacha20poly1305_state)};
  Bytes head_;
  bool first_ = true;
  bool full_ = false;
  std::uint64_t bytes_ = 0;
};

// Errors: backup_missing, backup_invalid (kInput).
class BackupSource {
 public:
  static Result<BackupSource> open(const std::filesystem::path& file);
  const BackupHead& head() const { return head_; }
  // Error: backup_invalid when the first frame does not open: never with the right key.
  Result<BackupSecrets> begin(const SecretBytes& key);
  // The next piece of the database; none after the last. A file that is cut off is an error.
  Result<std::optional<ClearBytes>> next();
  // The last frame has been read.
  bool ended() const { return ended_; }
  // After `begin`: of the head and the stream's.
  Digest head_digest() const;

 private:
  friend class BackupSink;
  BackupSource() = default;
  Result<Bytes> take(std::size_t count);
  Result<ClearBytes> frame(unsigned char& tag);
  tl::unexpected<Error> damaged() const;

  std::filesystem::path file_;
  UniqueFd fd_;
  BackupHead head_;
  Bytes head_bytes_;
  SecretBytes stream_{sizeof(crypto_secretstream_xchacha20poly1305_state)};
  bool first_ = true;
  bool ended_ = false;
  std::uint64_t whole_bytes_ = 0;  // to the end of the last frame that opened
};

}  // namespace maitred
