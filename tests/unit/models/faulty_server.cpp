#include "tests/unit/models/faulty_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <string_view>

#include "maitred/base/check.h"

namespace maitred::test {
namespace {

void send_all(int client, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t step = ::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (step <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(step));
  }
}

std::string read_head(int client) {
  std::string head;
  std::array<char, 2048> block{};
  while (head.find("\r\n\r\n") == std::string::npos) {
    const ssize_t got = ::recv(client, block.data(), block.size(), 0);
    if (got <= 0) break;
    head.append(block.data(), static_cast<std::size_t>(got));
  }
  return head;
}

Request parse(const std::string& head) {
  Request request;
  const auto begin = head.find(' ') + 1;
  request.path = head.substr(begin, head.find(' ', begin) - begin);
  const auto range = head.find("Range: ");
  if (range != std::string::npos) {
    request.range = head.substr(range + 7, head.find('\r', range) - range - 7);
  }
  return request;
}

std::string status_line(std::string_view status) {
  return fmt::format("HTTP/1.1 {}\r\nConnection: close\r\n", status);
}

std::string page(std::string_view status, std::string_view body) {
  return fmt::format("{}Content-Length: {}\r\n\r\n{}", status_line(status), body.size(), body);
}

}  // namespace

FaultyServer::FaultyServer(std::map<std::string, std::string> files, std::deque<Answer> script)
    : files_(std::move(files)), script_(std::move(script)) {
  listener_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  MAITRED_CHECK(::bind(listener_.get(), generic, length) == 0);
  MAITRED_CHECK(::listen(listener_.get(), 8) == 0);
  MAITRED_CHECK(::getsockname(listener_.get(), generic, &length) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

FaultyServer::~FaultyServer() {
  stopping_ = true;
  thread_.join();
}

std::string FaultyServer::url() const { return fmt::format("http://127.0.0.1:{}", port_); }

std::vector<Request> FaultyServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void FaultyServer::serve() {
  while (!stopping_) {
    pollfd ready{listener_.get(), POLLIN, 0};
    if (::poll(&ready, 1, 20) <= 0) continue;
    const UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client) answer(client.get());
  }
}

Answer FaultyServer::next_answer() {
  const std::lock_guard lock(mutex_);
  if (script_.empty()) return Answer::kRight;
  const Answer how = script_.front();
  script_.pop_front();
  return how;
}

void FaultyServer::wait_for_close(int client) const {
  char byte = 0;
  while (!stopping_) {
    pollfd ready{client, POLLIN, 0};
    if (::poll(&ready, 1, 20) > 0 && ::recv(client, &byte, 1, 0) <= 0) return;
  }
}

void FaultyServer::answer(int client) {
  const Request request = parse(read_head(client));
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  const Answer how = next_answer();
  switch (how) {
    case Answer::kSilent:
      return wait_for_close(client);
    case Answer::kOverloaded:
      return send_all(client, page("503 Service Unavailable", "later"));
    case Answer::kNotFound:
      return send_all(client, page("404 Not Found", "no such thing"));
    case Answer::kShortPage:
      return send_all(client, page("200 OK", "<html>please log in</html>"));
    case Answer::kRedirectsForEver:
      // Gives the answer back to itself, for the request that follows.
      {
        const std::lock_guard lock(mutex_);
        script_.push_front(Answer::kRedirectsForEver);
      }
      return send_all(client, fmt::format("{}Location: {}{}\r\nContent-Length: 0\r\n\r\n",
                                          status_line("302 Found"), url(), request.path));
    default:
      return send_file(client, request, how);
  }
}

void FaultyServer::send_file(int client, const Request& request, Answer how) {
  const auto found = files_.find(request.path);
  if (found == files_.end()) return send_all(client, page("404 Not Found", "no such file"));
  std::string body = found->second;
  const std::size_t whole = body.size();
  std::size_t from = 0;
  if (!request.range.empty() && how != Answer::kIgnoresRange && how != Answer::kOtherRange) {
    from = std::stoul(request.range.substr(request.range.find('=') + 1));
    if (from >= whole) return send_all(client, page("416 Range Not Satisfiable", ""));
    body.erase(0, from);
  }
  const bool partial = !request.range.empty() && how != Answer::kIgnoresRange;
  std::string head = status_line(partial ? "206 Partial Content" : "200 OK");
  if (partial) head += fmt::format("Content-Range: bytes {}-{}/{}\r\n", from, whole - 1, whole);
  if (how == Answer::kWrongBytes) body.back() = static_cast<char>(body.back() + 1);
  if (how == Answer::kTooLong) body += "and more";
  const bool announced = how != Answer::kCutUnannounced && how != Answer::kTooLong;
  if (announced) head += fmt::format("Content-Length: {}\r\n", body.size());
  const bool half = how == Answer::kCut || how == Answer::kCutUnannounced || how == Answer::kStalls;
  if (half) body.resize(body.size() / 2);
  send_all(client, head + "\r\n" + body);
  if (how == Answer::kStalls) wait_for_close(client);
}

}  // namespace maitred::test
