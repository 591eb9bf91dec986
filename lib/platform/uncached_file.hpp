// Inside lib/platform only: a file that is read from the medium and leaves nothing in memory.
#pragma once

#include "platform/system_file.hpp"

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace snapshotter::platform {

// O_DIRECT (open(2)) wants offset, length and memory aligned, so a window of the file is read and
// copied from. File systems that refuse it, at once or at the first read, are read through the page
// cache.
class UncachedFile final : public SystemFile {
 public:
  UncachedFile(UniqueFd descriptor, std::string path);

  std::size_t read_at(std::uint64_t offset, std::span<std::byte> into) const override;

 private:
  struct Free {
    void operator()(std::byte* it) const noexcept { std::free(it); }
  };
  void load(std::uint64_t begin) const;

  const std::unique_ptr<std::byte, Free> window_;
  // Of the window.
  mutable std::uint64_t begin_ = 0;
  mutable std::size_t length_ = 0;
};

}  // namespace snapshotter::platform
