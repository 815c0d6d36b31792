// Downloads one file over HTTP(S) into a .part file and resumes a cut transfer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "maitred/base/result.h"
#include "maitred/base/time.h"

namespace maitred {

struct DownloadRequest {
  std::string url;
  std::filesystem::path part;    // grows; kept if the transfer is cut
  std::uint64_t size_bytes = 0;  // of the whole file; a source with more or less has the wrong file
  Milliseconds connect_timeout{};
  Milliseconds stall_timeout{};
  std::function<void(std::uint64_t done_bytes)> progress;
  std::function<bool()> cancelled;
};

enum class DownloadEnd {
  kComplete,     // the part file has the expected size
  kTransient,    // cut, stalled, overloaded: try again
  kUnreachable,  // no name, no connection, no trust: try again at most once
  kRefused,      // refused by the server, or cancelled: do not try again
  kWrongSize,    // the server has another file; nothing is kept
  kUnwritable,   // the part file cannot be written
};

struct DownloadResult {
  DownloadEnd end = DownloadEnd::kTransient;
  std::string why;       // for the error message
  bool resumed = false;  // the part file holds bytes of an earlier attempt
};

// Makes one attempt. Follows at most five redirects, never from https to http. Blocking.
DownloadResult download(const DownloadRequest& request);

}  // namespace maitred
