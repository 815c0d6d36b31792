#include "zip_file.h"

#include <array>

namespace maitred {
namespace {

constexpr std::uint32_t kLocalHead = 0x04034b50;
constexpr std::uint32_t kCentralHead = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint16_t kVersion = 20;
constexpr std::uint16_t kUtf8Names = 0x0800;
constexpr std::uint16_t kFirstDay = 0x0021;  // 1980-01-01: the same content gives the same file

template <class Value>
void put_le(std::string& bytes, Value value) {
  for (std::size_t byte = 0; byte < sizeof value; ++byte) {
    bytes += static_cast<char>(value >> (8 * byte) & 0xff);
  }
}

constexpr std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t index = 0; index < 256; ++index) {
    std::uint32_t value = index;
    for (int bit = 0; bit < 8; ++bit) value = value & 1 ? 0xedb88320U ^ value >> 1 : value >> 1;
    table[index] = value;
  }
  return table;
}

}  // namespace

std::uint32_t crc32_of(std::string_view bytes) {
  static constexpr auto kTable = crc_table();
  std::uint32_t crc = 0xffffffffU;
  for (const char byte : bytes) {
    crc = kTable[(crc ^ static_cast<std::uint8_t>(byte)) & 0xff] ^ crc >> 8;
  }
  return crc ^ 0xffffffffU;
}

void ZipFile::add(const std::string& name, std::string_view content) {
  const Entry entry{name, crc32_of(content), static_cast<std::uint32_t>(content.size()),
                    static_cast<std::uint32_t>(body_.size())};
  put_le(body_, kLocalHead);
  for (const std::uint16_t word :
       {kVersion, kUtf8Names, std::uint16_t{0}, std::uint16_t{0}, kFirstDay}) {
    put_le(body_, word);
  }
  for (const std::uint32_t word : {entry.crc, entry.size, entry.size}) put_le(body_, word);
  put_le(body_, static_cast<std::uint16_t>(name.size()));
  put_le(body_, std::uint16_t{0});
  body_ += name;
  body_ += content;
  entries_.push_back(entry);
}

std::string ZipFile::bytes() const {
  std::string out = body_;
  for (const Entry& entry : entries_) {
    put_le(out, kCentralHead);
    for (const std::uint16_t word :
         {kVersion, kVersion, kUtf8Names, std::uint16_t{0}, std::uint16_t{0}, kFirstDay}) {
      put_le(out, word);
    }
    for (const std::uint32_t word : {entry.crc, entry.size, entry.size}) put_le(out, word);
    put_le(out, static_cast<std::uint16_t>(entry.name.size()));
    for (int zero = 0; zero < 4; ++zero) put_le(out, std::uint16_t{0});
    put_le(out, std::uint32_t{0});
    put_le(out, entry.offset);
    out += entry.name;
  }
  const auto count = static_cast<std::uint16_t>(entries_.size());
  const auto length = static_cast<std::uint32_t>(out.size() - body_.size());
  put_le(out, kEnd);
  for (const std::uint16_t word : {std::uint16_t{0}, std::uint16_t{0}, count, count}) {
    put_le(out, word);
  }
  put_le(out, length);
  put_le(out, static_cast<std::uint32_t>(body_.size()));
  put_le(out, std::uint16_t{0});
  return out;
}

}  // namespace maitred
