// Reports on photos one after the other: `maitred-eye --photos`.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "maitred/eye/watch/photo_report.h"

namespace maitred {
namespace {

constexpr std::size_t kLargestPhoto_bytes = std::size_t{16} << 20U;

// Returns how many bytes were read; fewer than asked for only at the end of the input.
std::size_t read_fully(int input, std::uint8_t* into, std::size_t size) {
  std::size_t got = 0;
  while (got < size) {
    const ssize_t step = ::read(input, into + got, size - got);
    if (step < 0 && errno == EINTR) continue;
    if (step <= 0) break;
    got += static_cast<std::size_t>(step);
  }
  return got;
}

Status write_line(int output, std::string line) {
  line += '\n';
  std::size_t sent = 0;
  while (sent < line.size()) {
    const ssize_t step = ::write(output, line.data() + sent, line.size() - sent);
    if (step < 0 && errno == EINTR) continue;
    if (step <= 0) return environment_error("io_failed", "the reader of the reports has gone");
    sent += static_cast<std::size_t>(step);
  }
  return {};
}

}  // namespace

Status report_photos(Engine& engine, Purpose purpose, int input, int output) {
  std::vector<std::uint8_t> bytes;
  for (int photo = 0; photo < kPhotosInARow; ++photo) {
    std::array<std::uint8_t, 4> head{};
    if (read_fully(input, head.data(), head.size()) < head.size()) return {};
    const std::size_t size = head[0] | std::size_t{head[1]} << 8U | std::size_t{head[2]} << 16U |
                             std::size_t{head[3]} << 24U;
    if (size > kLargestPhoto_bytes) {
      return write_line(output, error_json({Fault::kInput, "photo_too_large",
                                            "the photo is larger than 16 MiB"}));
    }
    bytes.resize(size);
    if (read_fully(input, bytes.data(), size) < size) return {};
    const Result<std::string> report = report_photo(engine, bytes, purpose);
    MAITRED_TRY(write_line(output, report ? *report : error_json(report.error())));
  }
  return {};
}

}  // namespace maitred
