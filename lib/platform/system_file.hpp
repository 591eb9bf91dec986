// Inside lib/platform only: one file of the operating system.
#pragma once

#include "platform/files.hpp"
#include "platform/unique_fd.hpp"

#include <cerrno>
#include <string>
#include <utility>

namespace snapshotter::platform {

// Throws the SystemError for a failed call, with advice where the cause suggests one.
[[noreturn]] void fail(const char* doing, const std::string& path, int error_number);

// Repeats a system call that a signal interrupted.
template <class Call>
auto retry(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

class SystemFile : public File {
 public:
  // Takes a new, empty file or one open for reading.
  SystemFile(UniqueFd descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  void write(std::span<const std::byte> bytes) override;
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes) override;
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> into) const override;
  [[nodiscard]] std::uint64_t size() const override;
  void sync() override;
  void drop_cache() override;

 protected:
  [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  void start_writeback();

  UniqueFd descriptor_;
  std::string path_;
  std::uint64_t end_ = 0;
  std::uint64_t handed_over_ = 0;  // the kernel has begun to write what is below
};

}  // namespace snapshotter::platform
