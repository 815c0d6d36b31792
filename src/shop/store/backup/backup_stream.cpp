#include "backup_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace maitred {
namespace {

using StreamState = crypto_secretstream_xchacha20poly1305_state;
constexpr std::size_t kFrameExtra = crypto_secretstream_xchacha20poly1305_ABYTES;
constexpr std::size_t kStreamHead = crypto_secretstream_xchacha20poly1305_HEADERBYTES;

StreamState* state_in(SecretBytes& memory) { return reinterpret_cast<StreamState*>(memory.data()); }

Digest digest_of(const Bytes& bytes) {
  Digest digest{};
  crypto_generichash(digest.data(), digest.size(), bytes.data(), bytes.size(), nullptr, 0);
  return digest;
}

}  // namespace

Result<BackupSink> BackupSink::create(const std::filesystem::path& file, const BackupHead& head,
                                      const SecretBytes& key) {
  BackupSink sink;
  sink.file_ = file;
  ::unlink(file.c_str());  // what a crash left
  sink.fd_ = UniqueFd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!sink.fd_) return sink.failed();
  sink.head_ = encode_backup_head(head);
  Bytes start(kStreamHead);
  crypto_secretstream_xchacha20poly1305_init_push(state_in(sink.stream_), start.data(), key.data());
  sink.head_.insert(sink.head_.end(), start.begin(), start.end());
  const Status begun = sink.put(sink.head_);
  if (!begun) ::unlink(file.c_str());
  MAITRED_TRY(begun);
  return sink;
}

Result<BackupSink> BackupSink::go_on(const std::filesystem::path& file, BackupSource earlier) {
  BackupSink sink;
  sink.file_ = file;
  sink.fd_ = UniqueFd(::open(file.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat written {};
  struct stat read {};
  // It must be the file that was read, not another one that has taken its name.
  if (!sink.fd_ || ::fstat(sink.fd_.get(), &written) != 0 ||
      ::fstat(earlier.fd_.get(), &read) != 0 || written.st_ino != read.st_ino ||
      written.st_dev != read.st_dev) {
    return sink.failed();
  }
  const auto end = static_cast<off_t>(earlier.whole_bytes_);
  if (::ftruncate(sink.fd_.get(), end) != 0 || ::lseek(sink.fd_.get(), end, SEEK_SET) != end) {
    return sink.failed();
  }
  // Reading and writing a stream go through the same states, so the state can be taken over.
  sink.stream_ = std::move(earlier.stream_);
  sink.head_ = std::move(earlier.head_bytes_);
  sink.first_ = false;
  sink.bytes_ = earlier.whole_bytes_;
  return sink;
}

Digest BackupSink::head_digest() const { return digest_of(head_); }

tl::unexpected<Error> BackupSink::failed() {
  full_ = errno == ENOSPC || errno == EDQUOT;
  return environment_error(
      "backup_failed", fmt::format("cannot write the backup {}: {}; give a place with enough room "
                                   "that the program with the open store may write to",
                                   file_.string(), std::strerror(errno)));
}

Status BackupSink::write(ByteView clear, bool last) {
  const std::size_t length = clear.size() + kFrameExtra;
  Bytes frame(4 + length);
  for (std::size_t byte = 0; byte < 4; ++byte) {
    frame[byte] = static_cast<std::uint8_t>(length >> (8 * byte));
  }
  crypto_secretstream_xchacha20poly1305_push(
      state_in(stream_), frame.data() + 4, nullptr, clear.data(), clear.size(),
      first_ ? head_.data() : nullptr, first_ ? head_.size() : 0,
      last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
           : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
  first_ = false;
  return put(frame);
}

Status BackupSink::put(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd_.get(), bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return failed();
    bytes = bytes.subspan(static_cast<std::size_t>(done));
    bytes_ += static_cast<std::uint64_t>(done);
  }
  return {};
}

Status BackupSink::finish() {
  if (::fsync(fd_.get()) == 0) return {};
  return failed();
}

Result<BackupSource> BackupSource::open(const std::filesystem::path& file) {
  BackupSource source;
  source.file_ = file;
  source.fd_ = UniqueFd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!source.fd_ || ::fstat(source.fd_.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return input_error("backup_missing",
                       fmt::format("cannot read the backup {}: {}", file.string(),
                                   source.fd_ ? "it is not a file" : std::strerror(errno)));
  }
  MAITRED_ASSIGN(source.head_bytes_, source.take(kBackupPreludeBytes));
  MAITRED_ASSIGN(const BackupPrelude prelude, read_backup_prelude(source.head_bytes_));
  MAITRED_ASSIGN(const Bytes json, source.take(prelude.head_bytes));
  MAITRED_ASSIGN(source.head_, decode_backup_head(json, prelude.version));
  source.head_bytes_.insert(source.head_bytes_.end(), json.begin(), json.end());
  return source;
}

Result<BackupSecrets> BackupSource::begin(const SecretBytes& key) {
  MAITRED_ASSIGN(const Bytes start, take(kStreamHead));
  head_bytes_.insert(head_bytes_.end(), start.begin(), start.end());
  crypto_secretstream_xchacha20poly1305_init_pull(state_in(stream_), start.data(), key.data());
  unsigned char tag = 0;
  MAITRED_ASSIGN(const ClearBytes clear, frame(tag));
  auto secrets = decode_backup_secrets(clear);
  if (!secrets || tag != crypto_secretstream_xchacha20poly1305_TAG_MESSAGE) return damaged();
  return std::move(*secrets);
}

Digest BackupSource::head_digest() const { return digest_of(head_bytes_); }

Result<std::optional<ClearBytes>> BackupSource::next() {
  if (ended_) {
    char more = 0;
    if (::read(fd_.get(), &more, 1) != 0) return damaged();
    return std::nullopt;
  }
  unsigned char tag = 0;
  MAITRED_ASSIGN(ClearBytes clear, frame(tag));
  ended_ = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
  if (ended_ && head_.version > 1) {
    signature_.assign(clear.begin(), clear.end());
    return next();
  }
  return std::optional<ClearBytes>(std::move(clear));
}

Result<Bytes> BackupSource::take(std::size_t count) {
  Bytes bytes(count);
  std::size_t got = 0;
  while (got < count) {
    const ssize_t step = ::read(fd_.get(), bytes.data() + got, count - got);
    if (step < 0 && errno == EINTR) continue;
    if (step <= 0) return damaged();
    got += static_cast<std::size_t>(step);
  }
  return bytes;
}

Result<ClearBytes> BackupSource::frame(unsigned char& tag) {
  MAITRED_ASSIGN(const Bytes head, take(4));
  const std::size_t length =
      static_cast<std::size_t>(head[0]) | static_cast<std::size_t>(head[1]) << 8 |
      static_cast<std::size_t>(head[2]) << 16 | static_cast<std::size_t>(head[3]) << 24;
  if (length < kFrameExtra || length > kBackupChunkBytes + kFrameExtra) return damaged();
  MAITRED_ASSIGN(const Bytes sealed, take(length));
  ClearBytes clear(length - kFrameExtra);
  const int opened = crypto_secretstream_xchacha20poly1305_pull(
      state_in(stream_), clear.data(), nullptr, &tag, sealed.data(), sealed.size(),
      first_ ? head_bytes_.data() : nullptr, first_ ? head_bytes_.size() : 0);
  first_ = false;
  if (opened != 0) return damaged();
  whole_bytes_ = (whole_bytes_ == 0 ? head_bytes_.size() : whole_bytes_) + head.size() + length;
  return clear;
}

tl::unexpected<Error> BackupSource::damaged() const {
  return input_error("backup_invalid",
                     fmt::format("{} is damaged, truncated or no backup of maitred: take another "
                                 "copy; the store is unchanged",
                                 file_.string()));
}

}  // namespace maitred
