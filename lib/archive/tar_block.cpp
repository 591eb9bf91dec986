#include "archive/tar_block.hpp"

#include <cstring>

namespace snapshotter::archive {

void put_number(std::span<char> field, std::uint64_t value) {
  if (fits_octal(value, field.size())) {
    field.back() = '\0';
    for (std::size_t i = field.size() - 1; i-- > 0; value >>= 3U) {
      field[i] = static_cast<char>('0' + (value & 7U));
    }
    return;
  }
  for (std::size_t i = field.size(); i-- > 0; value >>= 8U) {
    field[i] = static_cast<char>(value & 0xffU);
  }
  field[0] = static_cast<char>(field[0] | '\x80');
}

std::optional<std::uint64_t> get_number(std::span<const char> field) {
  std::uint64_t value = 0;
  const auto first = static_cast<unsigned char>(field[0]);
  if ((first & 0x80U) != 0) {
    value = first & 0x7fU;
    for (const char c : field.subspan(1)) {
      if (value >> 56U != 0) return std::nullopt;
      value = value << 8U | static_cast<unsigned char>(c);
    }
    return value;
  }
  std::size_t i = 0;
  while (i < field.size() && field[i] == ' ') ++i;
  for (; i < field.size() && field[i] != '\0' && field[i] != ' '; ++i) {
    if (field[i] < '0' || field[i] > '7') return std::nullopt;
    value = value << 3U | static_cast<std::uint64_t>(field[i] - '0');
  }
  return value;
}

std::uint32_t checksum(const TarBlock& block) {
  unsigned char bytes[kTarBlock];
  std::memcpy(bytes, &block, kTarBlock);
  std::memset(bytes + offsetof(TarBlock, chksum), ' ', sizeof(block.chksum));
  std::uint32_t sum = 0;
  for (const unsigned char byte : bytes) sum += byte;
  return sum;
}

void put_checksum(TarBlock& block) {
  // Six digits, NUL, space: the form that all implementations write.
  put_number(std::span(block.chksum).first(7), checksum(block));
  block.chksum[7] = ' ';
}

}  // namespace snapshotter::archive
