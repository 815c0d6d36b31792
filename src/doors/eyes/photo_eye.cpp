#include "maitred/doors/eyes/photo_eye.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <cstring>
#include <set>

#include "maitred/base/clean_environment.h"
#include "maitred/base/file.h"
#include "maitred/link/photo_line.h"

namespace maitred {
namespace {

namespace net = boost::asio;
using boost::system::error_code;
using Stream = net::local::stream_protocol::socket;

tl::unexpected<Error> photo_failed(std::string what) {
  return environment_error("photo_failed", "the photo could not be analysed: " + std::move(what));
}

// Starts maitred-eye with one end of a socket pair as standard input and output. Returns the other.
Result<UniqueFd> spawn_photo_eye(const PhotoEyeOptions& options, pid_t& pid) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return photo_failed(std::strerror(errno));
  }
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  std::array<std::string, 6> words = {
      options.program.string(), "-c", options.settings.string(), "--photo", "--purpose", "probe"};
  std::array<char*, 7> arguments{};
  for (std::size_t i = 0; i < words.size(); ++i) arguments[i] = words[i].data();
  CleanEnvironment clean(environ);
  const int error =
      posix_spawn(&pid, words[0].c_str(), &actions, nullptr, arguments.data(), clean.get());
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return ours;
  pid = 0;
  return photo_failed(fmt::format("cannot start {}: {}", words[0], std::strerror(error)));
}

// The text that was read, if it is a report. The eye has decoded pixels from outside, so nothing it
// writes is trusted.
Result<std::string> report_of(std::string text) {
  MAITRED_TRY(read_photo_line(text));
  return text;
}

}  // namespace

class PhotoEye::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(net::io_context& io, PhotoEyeOptions options) : io_(io), options_(std::move(options)) {}

  void analyse(std::string photo, Answer answer) {
    if (running_.size() >= options_.at_once) {
      return later(std::move(answer),
                   environment_error("photo_busy", "other photos are being analysed; try again"));
    }
    auto analysis = std::make_shared<Analysis>(io_);
    analysis->photo = std::move(photo);
    analysis->answer = std::move(answer);
    const Status connected = connect(*analysis);
    if (!connected) return later(std::move(analysis->answer), tl::unexpected(connected.error()));
    running_.insert(analysis);
    analysis->timer.expires_after(options_.patience);
    analysis->timer.async_wait([self = shared_from_this(), analysis](const error_code& error) {
      if (!error) self->finish(analysis, photo_failed("it took too long"));
    });
    send(analysis);
    receive(analysis);
  }

  void abandon() {
    for (const auto& analysis : running_) end(*analysis);
    running_.clear();
  }

 private:
  struct Analysis {
    explicit Analysis(net::io_context& io) : stream(io), timer(io) {}
    std::string photo;
    std::string report;
    Answer answer;
    Stream stream;
    net::steady_timer timer;
    pid_t pid = 0;
    std::array<char, 16384> block{};
  };
  using Shared = std::shared_ptr<Analysis>;

  void later(Answer answer, Result<std::string> result) {
    net::post(io_, [answer = std::move(answer), result = std::move(result)] { answer(result); });
  }

  Status connect(Analysis& analysis) {
    error_code error;
    if (!options_.socket.empty()) {
      analysis.stream.connect(net::local::stream_protocol::endpoint(options_.socket.string()),
                              error);
      if (!error) return {};
      if (!options_.fall_back) {
        return environment_error(
            "photo_service_away",
            fmt::format("{} does not answer, and photos are not looked at anywhere else: run "
                        "systemctl start maitred-photo.socket",
                        options_.socket.string()));
      }
      analysis.stream.close(error);
    }
    MAITRED_ASSIGN(UniqueFd fd, spawn_photo_eye(options_, analysis.pid));
    analysis.stream.assign(net::local::stream_protocol(), fd.release(), error);
    return {};
  }

  void send(const Shared& analysis) {
    net::async_write(analysis->stream, net::buffer(analysis->photo),
                     [analysis](const error_code& error, std::size_t) {
                       error_code ignored;
                       if (!error) analysis->stream.shutdown(Stream::shutdown_send, ignored);
                     });
  }

  void receive(const Shared& analysis) {
    analysis->stream.async_read_some(
        net::buffer(analysis->block),
        [self = shared_from_this(), analysis](const error_code& error, std::size_t count) {
          if (error == net::error::operation_aborted) return;
          if (error) return self->finish(analysis, report_of(analysis->report));
          analysis->report.append(analysis->block.data(), count);
          if (analysis->report.size() > kPhotoLineLimit_bytes) {
            return self->finish(analysis, photo_failed("the report of maitred-eye is too long"));
          }
          self->receive(analysis);
        });
  }

  void finish(const Shared& analysis, Result<std::string> result) {
    if (running_.erase(analysis) == 0) return;
    end(*analysis);
    analysis->answer(std::move(result));
  }

  // Ends the connection, and the process if there is one.
  static void end(Analysis& analysis) {
    error_code ignored;
    analysis.timer.cancel();
    analysis.stream.close(ignored);
    if (analysis.pid <= 0) return;
    ::kill(analysis.pid, SIGKILL);
    ::waitpid(std::exchange(analysis.pid, 0), nullptr, 0);
  }

  net::io_context& io_;
  const PhotoEyeOptions options_;
  std::set<Shared> running_;
};

PhotoEye::PhotoEye(net::io_context& io, PhotoEyeOptions options)
    : impl_(std::make_shared<Impl>(io, std::move(options))) {}
PhotoEye::~PhotoEye() { impl_->abandon(); }
void PhotoEye::analyse(std::string photo, Answer answer) {
  impl_->analyse(std::move(photo), std::move(answer));
}

}  // namespace maitred
