#include "maitred/ctl/doctor/network.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "maitred/base/file.h"

namespace maitred {
namespace {

namespace fs = std::filesystem;

class Certificates : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/maitred-doctor-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  void TearDown() override { fs::remove_all(folder_); }

  // A self-signed pair, valid from yesterday for so many days from now.
  void make(const std::string& name, int days) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(certificate), -86400L);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400L * days + 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    std::FILE* file = std::fopen((folder_ / (name + ".pem")).c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    file = std::fopen((folder_ / (name + ".key")).c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    ::chmod((folder_ / (name + ".key")).c_str(), 0600);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

  Findings look(const std::string& certificate, const std::string& key) {
    return look_at_certificate(folder_ / (certificate + ".pem"), folder_ / (key + ".key"),
                               std::chrono::floor<Milliseconds>(std::chrono::system_clock::now()));
  }

  fs::path folder_;
};

TEST_F(Certificates, AGoodPairIsGood) {
  make("a", 90);
  const Findings findings = look("a", "a");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, Verdict::kGood) << findings[0].message;
}

TEST_F(Certificates, OneThatRunsOutIsToldOfBeforeAndAfter) {
  make("soon", 10);
  EXPECT_NE(look("soon", "soon")[0].message.find("in 10 days"), std::string::npos);
  make("late", -2);
  EXPECT_NE(look("late", "late")[0].message.find("expired on"), std::string::npos);
}

TEST_F(Certificates, TheWrongKeyIsAFault) {
  make("a", 90);
  make("b", 90);
  const Findings findings = look("a", "b");
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[1].verdict, Verdict::kFault);
}

TEST_F(Certificates, AKeyEveryoneMayReadIsAFault) {
  make("a", 90);
  ::chmod((folder_ / "a.key").c_str(), 0644);
  EXPECT_EQ(look("a", "a").back().cure, "chmod 640 " + (folder_ / "a.key").string());
}

TEST_F(Certificates, NoneIsNoFinding) { EXPECT_TRUE(look_at_certificate("", "", {}).empty()); }

TEST(Ports, OneThatAnotherProgramHasIsAFault) {
  const UniqueFd other(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(other.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(other.get(), 1), 0);
  socklen_t size = sizeof(address);
  ::getsockname(other.get(), reinterpret_cast<sockaddr*>(&address), &size);
  const ListenSettings listen{"127.0.0.1", ntohs(address.sin_port)};
  EXPECT_EQ(look_at_port("staff", listen, false)[0].verdict, Verdict::kFault);
  EXPECT_EQ(look_at_port("staff", listen, true)[0].verdict, Verdict::kGood);
  EXPECT_TRUE(look_at_port("board", ListenSettings{}, true).empty());
}

}  // namespace
}  // namespace maitred
