#include "download.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "maitred/base/check.h"
#include "maitred/base/file.h"

namespace maitred {
namespace {

constexpr long kMostRedirects = 5;
// A transfer slower than this is given up too.
constexpr long kSlowest_bytes_per_s = 256;
constexpr long kSlowest_s = 60;

using Curl = std::unique_ptr<CURL, void (*)(CURL*)>;

void initialise_curl() {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  MAITRED_CHECK(once == CURLE_OK);
}

// The state that the callbacks of one transfer share. Bound to one thread.
struct Transfer {
  const DownloadRequest& request;
  CURL* curl = nullptr;
  int fd = -1;
  std::uint64_t asked_from = 0;   // the Range
  std::uint64_t at = 0;           // bytes in the part file
  std::uint64_t range_start = 0;  // start of the range that the server sends
  bool body_begun = false;
  bool cancelled = false;
  bool stalled = false;
  bool too_long = false;
  int write_errno = 0;
  Timestamp last_byte = std::chrono::steady_clock::now();
};

long response_code(CURL* curl) {
  long code = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
  return code;
}

std::size_t on_header(const char* data, std::size_t, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  std::string line(data, count);
  std::transform(line.begin(), line.end(), line.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::string_view kRange = "content-range: bytes ";
  if (line.starts_with(kRange)) {
    const char* begin = line.data() + kRange.size();
    std::from_chars(begin, line.data() + line.size(), transfer.range_start);
  }
  return count;
}

// A server that ignores the Range, or sends another one, starts at another place. Cuts the part
// file to that place. False if that leaves a gap.
bool begin_body(Transfer& transfer) {
  transfer.body_begun = true;
  const std::uint64_t start = response_code(transfer.curl) == 206 ? transfer.range_start : 0;
  if (start > transfer.at) return false;
  transfer.at = start;
  const auto offset = static_cast<off_t>(start);
  if (::ftruncate(transfer.fd, offset) != 0 || ::lseek(transfer.fd, offset, SEEK_SET) != offset) {
    transfer.write_errno = errno;
    return false;
  }
  return true;
}

std::size_t on_body(const char* data, std::size_t, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  const long code = response_code(transfer.curl);
  if (code != 200 && code != 206) return count;  // discards an error page
  if (!transfer.body_begun && !begin_body(transfer)) return 0;
  if (transfer.at + count > transfer.request.size_bytes) {
    transfer.too_long = true;
    return 0;
  }
  for (std::size_t written = 0; written < count;) {
    const ssize_t step = ::write(transfer.fd, data + written, count - written);
    if (step < 0 && errno == EINTR) continue;
    if (step < 0) {
      transfer.write_errno = errno;
      return 0;
    }
    written += static_cast<std::size_t>(step);
  }
  transfer.at += count;
  transfer.last_byte = std::chrono::steady_clock::now();
  if (transfer.request.progress) transfer.request.progress(transfer.at);
  return count;
}

int on_progress(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(context);
  const DownloadRequest& request = transfer.request;
  transfer.cancelled = request.cancelled && request.cancelled();
  const auto patience =
      request.stall_timeout + (transfer.body_begun ? Milliseconds(0) : request.connect_timeout);
  transfer.stalled = std::chrono::steady_clock::now() - transfer.last_byte > patience;
  return transfer.cancelled || transfer.stalled ? 1 : 0;
}

void set_options(CURL* curl, Transfer& transfer, const std::string& range, char* error) {
  const DownloadRequest& request = transfer.request;
  const char* protocols = request.url.starts_with("http://") ? "http,https" : "https";
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols);
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, kMostRedirects);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "maitred");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(request.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, kSlowest_bytes_per_s);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kSlowest_s);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  // Not CURLOPT_RESUME_FROM, which fails if a server ignores the Range.
  if (!range.empty()) curl_easy_setopt(curl, CURLOPT_RANGE, range.c_str());
}

DownloadEnd end_of_status(long code) {
  if (code == 408 || code == 425 || code == 429 || code >= 500) return DownloadEnd::kTransient;
  return DownloadEnd::kRefused;
}

DownloadEnd end_of_failure(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:  // while connecting
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
      return DownloadEnd::kUnreachable;
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_ABORTED_BY_CALLBACK:
      return DownloadEnd::kRefused;
    default:
      return DownloadEnd::kTransient;
  }
}

DownloadResult judge(const Transfer& transfer, CURLcode code, const char* error) {
  const std::uint64_t wanted = transfer.request.size_bytes;
  DownloadResult result;
  result.resumed = transfer.asked_from > 0 && transfer.at >= transfer.asked_from;
  const auto ended = [&](DownloadEnd end, std::string why) {
    result.end = end;
    result.why = std::move(why);
    return result;
  };
  const long status = response_code(transfer.curl);
  if (transfer.write_errno != 0) {
    return ended(DownloadEnd::kUnwritable, std::strerror(transfer.write_errno));
  }
  if (transfer.cancelled) return ended(DownloadEnd::kRefused, "cancelled");
  if (transfer.too_long) {
    return ended(DownloadEnd::kWrongSize,
                 fmt::format("the server sends more than the {} bytes of the manifest", wanted));
  }
  if (transfer.stalled || (code == CURLE_OPERATION_TIMEDOUT && transfer.body_begun)) {
    return transfer.body_begun
               ? ended(DownloadEnd::kTransient,
                       fmt::format("stalled after {} of {} bytes", transfer.at, wanted))
               : ended(DownloadEnd::kUnreachable, "no answer");
  }
  if (code == CURLE_OK && status == 416) {  // the server's file ends before the part file does
    return ended(DownloadEnd::kWrongSize, "the server's file is smaller than the part received");
  }
  if (code == CURLE_OK && status != 200 && status != 206) {
    return ended(end_of_status(status), fmt::format("the server answers {}", status));
  }
  if (code != CURLE_OK && code != CURLE_PARTIAL_FILE) {
    const char* why = error[0] != '\0' ? error : curl_easy_strerror(code);
    return ended(end_of_failure(code), why);
  }
  if (transfer.at == wanted) return ended(DownloadEnd::kComplete, "");
  curl_off_t announced = -1;
  curl_easy_getinfo(transfer.curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
  if (code == CURLE_OK && announced >= 0) {
    return ended(
        DownloadEnd::kWrongSize,
        fmt::format("the server's file has {} bytes, the manifest says {}", transfer.at, wanted));
  }
  return ended(DownloadEnd::kTransient,
               fmt::format("cut after {} of {} bytes", transfer.at, wanted));
}

}  // namespace

DownloadResult download(const DownloadRequest& request) {
  initialise_curl();
  const UniqueFd fd(::open(request.part.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd) return {DownloadEnd::kUnwritable, std::strerror(errno)};
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return {DownloadEnd::kRefused, "another fetch is writing " + request.part.string()};
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return {DownloadEnd::kUnwritable, request.part.string() + " is not a regular file"};
  }
  auto have = static_cast<std::uint64_t>(status.st_size);
  if (have == request.size_bytes) return {DownloadEnd::kComplete, "", true};
  if (have > request.size_bytes) have = 0;

  const Curl curl(curl_easy_init(), curl_easy_cleanup);
  MAITRED_CHECK(curl != nullptr);
  Transfer transfer{.request = request, .curl = curl.get(), .fd = fd.get()};
  transfer.asked_from = transfer.at = have;
  std::array<char, CURL_ERROR_SIZE> error{};
  const std::string range = have > 0 ? fmt::format("{}-", have) : std::string();
  set_options(curl.get(), transfer, range, error.data());
  const CURLcode code = curl_easy_perform(curl.get());
  DownloadResult result = judge(transfer, code, error.data());
  if (result.end == DownloadEnd::kComplete && ::fsync(fd.get()) != 0) {
    return {DownloadEnd::kUnwritable, std::strerror(errno)};
  }
  return result;
}

}  // namespace maitred
