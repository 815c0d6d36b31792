#include "maitred/doors/board/board_service.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "maitred/base/log.h"
#include "maitred/base/net/host_port.h"

namespace maitred {
namespace {

WebServerOptions web_options(const Settings& settings) {
  WebServerOptions options;
  options.name = "board";
  options.address = settings.board.listen.address;
  options.port = settings.board.listen.port;
  options.tls_cert = settings.board.tls_cert;
  options.tls_key = settings.board.tls_key;
  if (options.tls_cert.empty() && !is_loopback(options.address)) {
    options.tls_cert = settings.staff.tls_cert;
    options.tls_key = settings.staff.tls_key;
  }
  return options;
}

// systemd's socket lies beside the folder, because the folder is removed with the service. Photos
// are looked at nowhere else then.
PhotoEyeOptions photo_options(const BoardService::Parts& parts) {
  PhotoEyeOptions options{parts.eye_program, parts.shop.settings().file,
                          parts.runtime_folder / "photo.sock"};
  if (parts.runtime_folder != "/run/maitred") return options;
  options.socket = "/run/maitred-photo.sock";
  options.fall_back = false;
  return options;
}

}  // namespace

BoardService::BoardService(Parts& parts)
    : eye_(parts.io, photo_options(parts)),
      room_(BoardRoom::Parts{parts.io, parts.shop, parts.staff, eye_}) {}

Result<std::function<void()>> BoardService::renew_tls(const Settings& settings) {
  const WebServerOptions options = web_options(settings);
  return server_->renew_tls(options.tls_cert, options.tls_key);
}

Result<std::unique_ptr<BoardService>> BoardService::open(Parts parts) {
  const Settings& settings = parts.shop.settings();
  if (settings.board.off()) return nullptr;
  const bool local = is_loopback(settings.board.listen.address);
  if (!local && !parts.shop.desk().tokens_required()) {
    return input_error("board_unprotected",
                       fmt::format("{}: board.listen: {} can be reached from other machines, but "
                                   "there is no staff token to sign in with: make one with "
                                   "'maitredctl staff add NAME'",
                                   settings.file.string(), settings.board.listen.address));
  }
  std::unique_ptr<BoardService> service(new BoardService(parts));
  BoardOptions options;
  options.always_sign_in = !local;
  service->board_ = std::make_unique<Board>(service->room_, options);
  WebServerOptions web = web_options(settings);
  web.passed_socket = parts.passed_socket;
  auto server = WebServer::open(parts.io, *service->board_, std::move(web));
  if (!server && server.error().code == "port_in_use" && !settings.board.chosen) {
    journal().error(
        "no staff web page: {}. Enter no token there: it is not this maitred that answers; see "
        "'maitredctl doctor'",
        server.error().message);
    return nullptr;
  }
  MAITRED_ASSIGN(service->server_, std::move(server));
  return service;
}

}  // namespace maitred
