// Certificates for tests, and whether a program asks on its terminal.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "maitred/base/check.h"

namespace maitred {

// A certificate for 127.0.0.1 that signed itself, with its key, as PEM files.
struct TestCertificate {
  std::string certificate, key;
  std::string pin;  // SHA-256 in hexadecimal, with colons

  // The key is encrypted if there is a passphrase.
  TestCertificate(const std::filesystem::path& folder, const std::string& name,
                  const std::string& passphrase = "") {
    using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
    using Certificate = std::unique_ptr<X509, void (*)(X509*)>;
    using Extension = std::unique_ptr<X509_EXTENSION, void (*)(X509_EXTENSION*)>;
    const Key pair(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const Certificate made(X509_new(), X509_free);
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_set_pubkey(made.get(), pair.get());
    X509_NAME* subject = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("shop"), -1, -1, 0);
    X509_set_issuer_name(made.get(), subject);
    const Extension names(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1"),
        X509_EXTENSION_free);
    X509_add_ext(made.get(), names.get(), -1);
    MAITRED_CHECK(X509_sign(made.get(), pair.get(), EVP_sha256()) > 0);
    certificate = folder / (name + ".pem");
    key = folder / (name + ".key");
    std::FILE* file = std::fopen(certificate.c_str(), "w");
    PEM_write_X509(file, made.get());
    std::fclose(file);
    file = std::fopen(key.c_str(), "w");
    const bool encrypted = !passphrase.empty();
    PEM_write_PrivateKey(file, pair.get(), encrypted ? EVP_aes_256_cbc() : nullptr,
                         reinterpret_cast<const unsigned char*>(passphrase.data()),
                         static_cast<int>(passphrase.size()), nullptr, nullptr);
    std::fclose(file);
    std::array<unsigned char, 32> digest{};
    X509_digest(made.get(), EVP_sha256(), digest.data(), nullptr);
    for (const unsigned char byte : digest) {
      std::array<char, 4> text{};
      std::snprintf(text.data(), text.size(), "%02X:", byte);
      pin += text.data();
    }
    pin.pop_back();
  }
};

struct OnTerminal {
  int status = -1;      // what `work` returned
  std::string printed;  // everything that the terminal showed
};

// Runs `work` in a child process with a terminal of its own, on which nobody types.
inline OnTerminal run_on_terminal(const std::function<int()>& work) {
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (child == 0) ::_exit(work());
  OnTerminal result;
  constexpr int kPatienceMs = 60'000;
  std::array<char, 1024> block{};
  for (pollfd ready{terminal, POLLIN, 0}; ::poll(&ready, 1, kPatienceMs) == 1;) {
    const ssize_t got = ::read(terminal, block.data(), block.size());
    if (got <= 0) break;  // the child has ended
    result.printed.append(block.data(), static_cast<std::size_t>(got));
    if (result.printed.find("phrase") != std::string::npos) break;  // it waits for an answer
  }
  ::close(terminal);  // a child that still waits is hung up on
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status)) result.status = WEXITSTATUS(status);
  return result;
}

}  // namespace maitred
