#include "maitred/ctl/doctor/network.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>

#include "maitred/base/file.h"

namespace maitred {
namespace {

constexpr int kConnectPatience_ms = 2000;

struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

Address address_of(const ListenSettings& listen) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.bytes);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.bytes);
  if (::inet_pton(AF_INET, listen.address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(listen.port);
    address.size = sizeof(*v4);
  } else if (::inet_pton(AF_INET6, listen.address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(listen.port);
    address.size = sizeof(*v6);
  }
  return address;
}

// Returns 0, or the errno that says why the port cannot be bound.
int try_to_bind(const Address& address) {
  const UniqueFd fd(::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  const auto* raw = reinterpret_cast<const sockaddr*>(&address.bytes);
  return ::bind(fd.get(), raw, address.size) == 0 ? 0 : errno;
}

bool answers(const Address& address) {
  const UniqueFd fd(
      ::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto* raw = reinterpret_cast<const sockaddr*>(&address.bytes);
  if (::connect(fd.get(), raw, address.size) == 0) return true;
  if (errno != EINPROGRESS) return false;
  pollfd event{fd.get(), POLLOUT, 0};
  if (::poll(&event, 1, kConnectPatience_ms) != 1) return false;
  int error = 0;
  socklen_t size = sizeof(error);
  return ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using File = std::unique_ptr<std::FILE, Freed<std::fclose>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

// A daemon cannot use a key with a passphrase, so do not prompt for one.
int no_passphrase(char*, int, int, void*) { return -1; }

Certificate read_certificate(const std::filesystem::path& path) {
  const File file(std::fopen(path.c_str(), "re"));
  if (!file) return nullptr;
  return Certificate(PEM_read_X509(file.get(), nullptr, no_passphrase, nullptr));
}

Key read_key(const std::filesystem::path& path) {
  const File file(std::fopen(path.c_str(), "re"));
  if (!file) return nullptr;
  return Key(PEM_read_PrivateKey(file.get(), nullptr, no_passphrase, nullptr));
}

WallTime time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return WallTime{};
  return WallTime{std::chrono::seconds{::timegm(&parts)}};
}

Finding judge_validity(const X509& certificate, const std::string& name, WallTime now) {
  constexpr auto kSoon = std::chrono::hours{24 * 30};
  const WallTime from = time_of(X509_get0_notBefore(&certificate));
  const WallTime until = time_of(X509_get0_notAfter(&certificate));
  const std::string date = format_time(until).substr(0, 10);
  const char* renew = "renew it, then: systemctl reload maitred";
  if (now < from) {
    return fault("certificate",
                 fmt::format("{} is not valid before {}", name, format_time(from).substr(0, 10)),
                 "correct the clock, or obtain a certificate that is valid now");
  }
  if (now >= until) {
    return fault("certificate", fmt::format("{} expired on {}", name, date), renew);
  }
  if (until - now < kSoon) {
    const auto days = std::chrono::duration_cast<std::chrono::days>(until - now).count();
    return fault("certificate", fmt::format("{} expires in {} days, on {}", name, days, date),
                 renew);
  }
  return good("certificate", fmt::format("{} is valid until {}", name, date));
}

}  // namespace

Finding port_taken(const std::string& name, const ListenSettings& listen) {
  return fault("port",
               fmt::format("{}.listen {}:{} is in use by another program", name, listen.address,
                           listen.port),
               fmt::format("find it with: ss -ltnp 'sport = :{}'; stop it, or set another port; "
                           "then restart maitred. Enter no token there before",
                           listen.port));
}

Findings look_at_port(const std::string& name, const ListenSettings& listen, bool daemon_runs) {
  if (listen.off()) return {};
  const Address address = address_of(listen);
  const std::string where = fmt::format("{}.listen {}:{}", name, listen.address, listen.port);
  if (daemon_runs) {
    if (answers(address)) return {good("port", where + " accepts connections")};
    return {fault("port", where + " does not accept connections although maitred is running",
                  "systemctl restart maitred, and check the log: journalctl -u maitred")};
  }
  const int error = try_to_bind(address);
  if (error == 0) return {good("port", where + " is free")};
  if (error == EADDRINUSE) {
    return {port_taken(name, listen)};
  }
  return {fault("port", fmt::format("{}: {}", where, std::strerror(error)),
                "use an address of this machine (ip address) and a port above 1023")};
}

Findings look_at_certificate(const std::filesystem::path& certificate,
                             const std::filesystem::path& key, WallTime now) {
  if (certificate.empty() && key.empty()) return {};
  const Certificate parsed = read_certificate(certificate);
  if (!parsed) {
    return {fault("certificate",
                  fmt::format("{} cannot be read as a PEM certificate", certificate.string()),
                  "correct staff.tls_cert, or make the file readable for user maitred")};
  }
  Findings findings;
  findings.push_back(judge_validity(*parsed, certificate.string(), now));
  const Key secret = read_key(key);
  if (!secret) {
    findings.push_back(
        fault("certificate",
              fmt::format("{} cannot be read as a PEM key without a passphrase", key.string()),
              "correct staff.tls_key, or make the file readable for user maitred"));
  } else if (X509_check_private_key(parsed.get(), secret.get()) != 1) {
    findings.push_back(fault(
        "certificate",
        fmt::format("{} does not match the certificate {}", key.string(), certificate.string()),
        "set staff.tls_cert and staff.tls_key to a matching pair"));
  }
  struct stat facts {};
  if (::stat(key.c_str(), &facts) == 0 && (facts.st_mode & 07) != 0) {
    findings.push_back(fault("certificate",
                             fmt::format("{} is readable by every user", key.string()),
                             fmt::format("chmod 640 {}", key.string())));
  }
  return findings;
}

}  // namespace maitred
