// Counts the rows of a COPY block and finds its end, at memory speed.
//
// In COPY's text form a row is a line – line feeds of the data are written as "\n" – and the block
// ends with a line "\.", which no row can be, because a backslash of the data is doubled
// (PostgreSQL manual, COPY, "Text Format").
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace snapshotter::target::postgresql {

class CopyRows {
 public:
  // The first byte to come is the first of a row.
  void begin() noexcept;
  // Takes the next bytes of the block, cut anywhere; returns how many of them belong to it.
  std::size_t add(std::string_view bytes) noexcept;

  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }

 private:
  void step(char byte) noexcept;

  std::uint64_t rows_ = 0;
  unsigned matched_ = 1;  // how much of "\n\\.\n" the last bytes are
  bool ended_ = false;
};

}  // namespace snapshotter::target::postgresql
