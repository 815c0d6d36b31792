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

// Error of every write: backup_failed (kEnvironment), naming the file.
class BackupSink {
 public:
  // Creates the file with mode 0600 and writes the head.
  static Result<BackupSink> create(const std::filesystem::path& file, const BackupHead& head,
                                   const SecretBytes& key);
  // Continues after the last frame that `earlier` has read, and cuts off what follows. Requires
  // that the same content is written as before: key and nonce of a frame are the same, and must
  // never seal two different contents.
  static Result<BackupSink> go_on(const std::filesystem::path& file, BackupSource earlier);
  Status write(ByteView clear, bool last);
  // Flushes the file to disk.
  Status finish();
  std::uint64_t bytes() const { return bytes_; }
  // Digest of the head and the stream's header.
  Digest head_digest() const;
  // True if writing failed because the disk is full.
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
  // Error: backup_invalid if the first frame does not open, which the right key always opens.
  Result<BackupSecrets> begin(const SecretBytes& key);
  // The next piece of the database; nothing after the last. A truncated file is an error.
  Result<std::optional<ClearBytes>> next();
  // True if the last frame has been read.
  bool ended() const { return ended_; }
  // The signature, once the last frame has been read; empty in version 1.
  const Bytes& signature() const { return signature_; }
  // Digest of the head and the stream's header. Requires `begin`.
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
  Bytes signature_;
  std::uint64_t whole_bytes_ = 0;  // to the end of the last frame that opened
};

}  // namespace maitred
