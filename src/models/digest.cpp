#include "digest.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>
#include <vector>

#include "maitred/base/check.h"
#include "maitred/base/file.h"

namespace maitred {

Result<std::string> git_blob_of_file(const std::filesystem::path& path) {
  std::error_code failed;
  const auto size_bytes = std::filesystem::file_size(path, failed);
  std::ifstream stream(path, std::ios::binary);
  if (failed || !stream) {
    return input_error("file_unreadable", fmt::format("cannot read {}", path.string()));
  }
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  MAITRED_CHECK(context && EVP_DigestInit_ex(context.get(), EVP_sha1(), nullptr) == 1);
  const std::string head = fmt::format("blob {}", size_bytes);
  EVP_DigestUpdate(context.get(), head.c_str(), head.size() + 1);
  std::vector<char> block(65536);
  while (stream.read(block.data(), static_cast<std::streamsize>(block.size())),
         stream.gcount() > 0) {
    EVP_DigestUpdate(context.get(), block.data(), static_cast<std::size_t>(stream.gcount()));
  }
  if (stream.bad()) {
    return input_error("file_unreadable", fmt::format("cannot read {}", path.string()));
  }
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &length);
  return to_hex(std::span(digest.data(), length));
}

std::string digest_start(const std::string& digest) { return digest.substr(0, 12); }

}  // namespace maitred
