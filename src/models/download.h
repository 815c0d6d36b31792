// One file over HTTP(S) into a .part file, resumed where it was cut.
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
  std::filesystem::path part;    // grows; kept when the transfer is cut
  std::uint64_t size_bytes = 0;  // of the whole; a source with more or less has the wrong file
  Milliseconds connect_timeout{};
  Milliseconds stall_timeout{};
  std::function<void(std::uint64_t done_bytes)> progress;
  std::function<bool()> cancelled;
};

enum class DownloadEnd {
  kComplete,     // the part file has the size it should have
  kTransient,    // cut, stalled, overloaded: worth another try
  kUnreachable,  // no name, no connection, no trust: worth one more try at most
  kRefused,      // the server says no, or was asked to stop: trying again is no use
  kWrongSize,    // the server's file is another one; nothing is kept
  kUnwritable,   // the part file
};

struct DownloadResult {
  DownloadEnd end = DownloadEnd::kTransient;
  std::string why;       // in words, for the error message
  bool resumed = false;  // bytes of an earlier attempt are in the part file
};

// One attempt. Redirects are followed five deep, and never from https to http. Blocking.
DownloadResult download(const DownloadRequest& request);

}  // namespace maitred
