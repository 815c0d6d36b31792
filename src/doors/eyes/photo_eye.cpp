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
#include <nlohmann/json.hpp>
#include <set>

#include "maitred/base/file.h"
#include "maitred/base/json.h"

namespace maitred {
namespace {

namespace net = boost::asio;
using boost::system::error_code;
using Stream = net::local::stream_protocol::socket;

constexpr std::size_t kLongestReport_bytes = std::size_t{1} << 20;

tl::unexpected<Error> photo_failed(std::string what) {
  return environment_error("photo_failed", "the photo could not be looked at: " + std::move(what));
}

// Its standard input and output are one end of a socket pair; the other is returned.
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
  const int error =
      posix_spawn(&pid, words[0].c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return ours;
  pid = 0;
  return photo_failed(fmt::format("cannot start {}: {}", words[0], std::strerror(error)));
}

// What the eye wrote, as its report or the reason it gave.
Result<std::string> report_of(const std::string& text) {
  const auto object = parse_json(text, JsonLimits{kLongestReport_bytes, 8});
  if (!object || !object->is_object()) return photo_failed("maitred-eye gave no report");
  const auto error = object->find("error");
  if (error == object->end()) return text;
  return input_error(error->value("code", "photo_refused"), error->value("message", "refused"));
}

}  // namespace

class PhotoEye::State : public std::enable_shared_from_this<State> {
 public:
  State(net::io_context& io, PhotoEyeOptions options) : io_(io), options_(std::move(options)) {}

  void look(std::string photo, Answer answer) {
    if (looks_.size() >= options_.at_once) {
      return later(std::move(answer),
                   environment_error("photo_busy", "other photos are being looked at; try again"));
    }
    auto look = std::make_shared<Look>(io_);
    look->photo = std::move(photo);
    look->answer = std::move(answer);
    const Status connected = connect(*look);
    if (!connected) return later(std::move(look->answer), tl::unexpected(connected.error()));
    looks_.insert(look);
    look->timer.expires_after(options_.patience);
    look->timer.async_wait([self = shared_from_this(), look](const error_code& error) {
      if (!error) self->finish(look, photo_failed("it took too long"));
    });
    send(look);
    receive(look);
  }

  void abandon() {
    for (const auto& look : looks_) end(*look);
    looks_.clear();
  }

 private:
  struct Look {
    explicit Look(net::io_context& io) : stream(io), timer(io) {}
    std::string photo;
    std::string report;
    Answer answer;
    Stream stream;
    net::steady_timer timer;
    pid_t pid = 0;
    std::array<char, 16384> block{};
  };
  using Shared = std::shared_ptr<Look>;

  void later(Answer answer, Result<std::string> result) {
    net::post(io_, [answer = std::move(answer), result = std::move(result)] { answer(result); });
  }

  Status connect(Look& look) {
    error_code error;
    if (!options_.socket.empty()) {
      look.stream.connect(net::local::stream_protocol::endpoint(options_.socket.string()), error);
      if (!error) return {};
      look.stream.close(error);
    }
    MAITRED_ASSIGN(UniqueFd fd, spawn_photo_eye(options_, look.pid));
    look.stream.assign(net::local::stream_protocol(), fd.release(), error);
    return {};
  }

  void send(const Shared& look) {
    net::async_write(look->stream, net::buffer(look->photo),
                     [look](const error_code& error, std::size_t) {
                       error_code ignored;
                       if (!error) look->stream.shutdown(Stream::shutdown_send, ignored);
                     });
  }

  void receive(const Shared& look) {
    look->stream.async_read_some(
        net::buffer(look->block),
        [self = shared_from_this(), look](const error_code& error, std::size_t count) {
          if (error == net::error::operation_aborted) return;
          if (error) return self->finish(look, report_of(look->report));
          look->report.append(look->block.data(), count);
          if (look->report.size() > kLongestReport_bytes) {
            return self->finish(look, photo_failed("maitred-eye says too much"));
          }
          self->receive(look);
        });
  }

  void finish(const Shared& look, Result<std::string> result) {
    if (looks_.erase(look) == 0) return;
    end(*look);
    look->answer(std::move(result));
  }

  // It has closed its end, or is to die.
  static void end(Look& look) {
    error_code ignored;
    look.timer.cancel();
    look.stream.close(ignored);
    if (look.pid <= 0) return;
    ::kill(look.pid, SIGKILL);
    ::waitpid(std::exchange(look.pid, 0), nullptr, 0);
  }

  net::io_context& io_;
  const PhotoEyeOptions options_;
  std::set<Shared> looks_;
};

PhotoEye::PhotoEye(net::io_context& io, PhotoEyeOptions options)
    : state_(std::make_shared<State>(io, std::move(options))) {}
PhotoEye::~PhotoEye() { state_->abandon(); }
void PhotoEye::look(std::string photo, Answer answer) {
  state_->look(std::move(photo), std::move(answer));
}

}  // namespace maitred
