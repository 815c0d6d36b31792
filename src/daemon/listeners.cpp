#include "listeners.h"

#include <fmt/format.h>

#include <map>

#include "maitred/base/net/host_port.h"
#include "maitred/base/net/tls.h"

namespace maitred {
namespace {

struct Listener {
  const char* section;
  const ListenSettings& listen;
  bool protectable;  // may use a certificate of its own or that of [staff]
  bool has_certificate;
};

Status check_protection(const Settings& settings, const Listener& one) {
  if (one.listen.off() || is_loopback(one.listen.address) || one.has_certificate) return {};
  return input_error(
      one.section == std::string("staff") ? "staff_unprotected" : "tls_required",
      fmt::format(
          "{}: {}.listen: {} can be reached from other machines, {}", settings.file.string(),
          one.section, one.listen.address,
          one.protectable
              ? "which needs TLS and tokens; set tls_cert and tls_key and make a token with "
                "'maitredctl staff add NAME', or listen on 127.0.0.1"
              : "and this listener has no TLS; listen on 127.0.0.1, behind a proxy on this "
                "machine"));
}

Status check_certificate(const std::string& certificate, const std::string& key) {
  return certificate.empty() ? Status{} : check_tls(certificate, key);
}

}  // namespace

Status check_listeners(const Settings& settings) {
  const bool staff = !settings.staff.tls_cert.empty();
  const Listener all[] = {
      {"staff", settings.staff.listen, true, staff},
      {"board", settings.board.listen, true, staff || !settings.board.tls_cert.empty()},
      {"api", settings.api, true, staff},
      {"metrics", settings.metrics, false, false}};
  std::map<std::pair<std::string, std::uint16_t>, const char*> taken;
  for (const Listener& one : all) {
    MAITRED_TRY(check_protection(settings, one));
    if (one.listen.off() || one.listen.port == 0) continue;
    const auto [before, fresh] =
        taken.try_emplace({one.listen.address, one.listen.port}, one.section);
    if (fresh) continue;
    return input_error("port_twice",
                       fmt::format("{}: {}.listen and {}.listen are both {} port {}: give each a "
                                   "port of its own",
                                   settings.file.string(), before->second, one.section,
                                   one.listen.address, one.listen.port));
  }
  MAITRED_TRY(check_certificate(settings.staff.tls_cert, settings.staff.tls_key));
  return check_certificate(settings.board.tls_cert, settings.board.tls_key);
}

}  // namespace maitred
