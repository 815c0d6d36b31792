// A small HTTP server on loopback that answers wrongly on request.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "maitred/base/file.h"

namespace maitred::test {

enum class Answer {
  kRight,           // with ranges
  kIgnoresRange,    // 200 and the whole, whatever was asked
  kOtherRange,      // 206 from the beginning, whatever was asked
  kCut,             // announces all, sends half
  kCutUnannounced,  // no length, sends half
  kWrongBytes,      // right length
  kShortPage,       // 200 and a page of another length, as a captive portal does
  kTooLong,         // no length, more than there is
  kStalls,          // sends half, then nothing
  kSilent,          // accepts, never answers
  kNotFound,
  kOverloaded,
  kRedirectsForEver,
};

struct Request {
  std::string path;   // "/name"
  std::string range;  // "bytes=5-", or empty
};

// Serves `files` by path. Gives the answers in `script` in order, then right ones. Thread-safe.
class FaultyServer {
 public:
  explicit FaultyServer(std::map<std::string, std::string> files, std::deque<Answer> script = {});
  ~FaultyServer();

  std::string url() const;
  std::vector<Request> requests() const;

 private:
  void serve();
  void answer(int client);
  Answer next_answer();
  void send_file(int client, const Request& request, Answer how);
  void wait_for_close(int client) const;

  const std::map<std::string, std::string> files_;
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::deque<Answer> script_;      // guarded by mutex_
  std::vector<Request> requests_;  // guarded by mutex_
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace maitred::test
