// Has a photo looked at by `maitred-eye --photo`, a process that holds no key, without waiting.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "maitred/base/result.h"
#include "maitred/base/time.h"

namespace boost::asio {
class io_context;
}

namespace maitred {

struct PhotoEyeOptions {
  std::filesystem::path program;   // maitred-eye
  std::filesystem::path settings;  // the configuration it reads
  // Where a service of its own looks at photos, one connection a photo; used when it is there.
  std::filesystem::path socket{};
  std::size_t at_once = 2;
  Milliseconds patience = std::chrono::seconds(30);
};

// Bound to the io_context's thread, which must outlive it.
class PhotoEye {
 public:
  using Answer = std::function<void(Result<std::string>)>;

  PhotoEye(boost::asio::io_context& io, PhotoEyeOptions options);
  ~PhotoEye();  // what is under way is ended and not answered
  PhotoEye(const PhotoEye&) = delete;
  PhotoEye& operator=(const PhotoEye&) = delete;

  // The report of maitred-eye as JSON (photo_report.h). Errors: those of the report (kInput);
  // photo_busy, photo_failed (kEnvironment).
  void look(std::string photo, Answer answer);

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace maitred
