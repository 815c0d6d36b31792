// A ZIP archive of a few files, stored as they are (APPNOTE 4.3, method 0). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace maitred {

class ZipFile {
 public:
  // Requires a name without "..", and less than 4 GiB in all.
  void add(const std::string& name, std::string_view content);
  // The whole archive.
  std::string bytes() const;

 private:
  struct Entry {
    std::string name;
    std::uint32_t crc = 0;
    std::uint32_t size = 0;
    std::uint32_t offset = 0;
  };
  std::string body_;
  std::vector<Entry> entries_;
};

// CRC-32 of IEEE 802.3.
std::uint32_t crc32_of(std::string_view bytes);

}  // namespace maitred
