#include "unpack.h"

#include <bzlib.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

namespace maitred {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

// A bzip2 stream being read. Bound to one thread.
class Bzip2Stream {
 public:
  explicit Bzip2Stream(std::FILE* file) {
    stream_ = BZ2_bzReadOpen(&state_, file, 0, 0, nullptr, 0);
  }
  Bzip2Stream(const Bzip2Stream&) = delete;
  Bzip2Stream& operator=(const Bzip2Stream&) = delete;
  ~Bzip2Stream() {
    int ignored = BZ_OK;
    BZ2_bzReadClose(&ignored, stream_);
  }

  std::size_t read(std::vector<char>& block) {
    const int got = BZ2_bzRead(&state_, stream_, block.data(), static_cast<int>(block.size()));
    return ok() || ended() ? static_cast<std::size_t>(got) : 0;
  }
  bool ok() const { return state_ == BZ_OK; }
  bool ended() const { return state_ == BZ_STREAM_END; }

 private:
  int state_ = BZ_OK;
  BZFILE* stream_ = nullptr;
};

}  // namespace

Status unpack_bzip2(const std::filesystem::path& packed, const std::filesystem::path& target,
                    std::uint64_t limit_bytes) {
  const auto unwritable = [&] {
    return environment_error("file_unwritable", fmt::format("cannot write {}: {}", target.string(),
                                                            std::strerror(errno)));
  };
  const auto broken = [&](std::string_view why) {
    return environment_error("archive_broken", fmt::format("{} {}", packed.string(), why));
  };
  const File in(std::fopen(packed.c_str(), "rbe"), std::fclose);
  if (!in) return broken("cannot be read");
  File out(std::fopen(target.c_str(), "wbe"), std::fclose);
  if (!out) return unwritable();

  Bzip2Stream stream(in.get());
  std::vector<char> block(65536);
  std::uint64_t written_bytes = 0;
  while (stream.ok()) {
    const std::size_t got = stream.read(block);
    written_bytes += got;
    if (written_bytes > limit_bytes) return broken("is larger than the manifest says");
    if (std::fwrite(block.data(), 1, got, out.get()) != got) return unwritable();
  }
  if (!stream.ended()) return broken("is not a complete bzip2 file");
  if (std::fclose(out.release()) != 0) return unwritable();
  return {};
}

}  // namespace maitred
