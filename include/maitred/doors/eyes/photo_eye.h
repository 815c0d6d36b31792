// Has `maitred-eye --photo`, a process that holds no key, analyse a photo, without waiting for it.
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
  std::filesystem::path program{};   // maitred-eye
  std::filesystem::path settings{};  // the configuration it reads
  // The socket of a service that analyses photos, one for each connection. Used if it exists;
  // otherwise a process is started for each photo.
  std::filesystem::path socket{};
  // False under systemd: what a started process may do is then what the core may do.
  bool fall_back = true;
  std::size_t at_once = 2;                           // more are refused
  Milliseconds patience = std::chrono::seconds(30);  // then the process is killed
};

// Bound to the io_context's thread; the io_context must outlive it.
class PhotoEye {
 public:
  using Answer = std::function<void(Result<std::string>)>;

  PhotoEye(boost::asio::io_context& io, PhotoEyeOptions options);
  ~PhotoEye();  // ends what is under way; it is not answered
  PhotoEye(const PhotoEye&) = delete;
  PhotoEye& operator=(const PhotoEye&) = delete;

  // Answers with the report of maitred-eye, one JSON object (photo_report.h). Errors: those of the
  // report (kInput); photo_busy, photo_failed, photo_service_away (kEnvironment).
  void analyse(std::string photo, Answer answer);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace maitred
