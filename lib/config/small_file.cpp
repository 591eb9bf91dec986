#include "config/small_file.hpp"

#include "base/error.hpp"
#include "base/units.hpp"
#include "platform/unique_fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace snapshotter::config {
namespace {

constexpr const char* kDoing = "read file";

[[noreturn]] void refuse(const std::string& path, std::string why, std::string advice = {}) {
  throw ConfigError(
      {.doing = kDoing, .subject = path, .why = std::move(why), .advice = std::move(advice)});
}

std::string too_large(std::size_t limit) {
  return "it is larger than " + to_string(ByteSize{limit});
}

}  // namespace

SmallFile read_small_file(const std::string& path, std::size_t limit) {
  if (path.find('\0') != std::string::npos) refuse(path, "its name holds a NUL byte");
  // O_NONBLOCK: opening a fifo would wait for somebody to write into it.
  const platform::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) throw_system_error(kDoing, path, errno);
  struct stat info = {};
  if (::fstat(file.get(), &info) != 0) throw_system_error(kDoing, path, errno);
  if (S_ISDIR(info.st_mode)) refuse(path, "it is a directory", "name the file in it");
  if (!S_ISREG(info.st_mode)) refuse(path, "it is not a regular file");

  SmallFile result{{}, static_cast<mode_t>(info.st_mode & 07777U)};
  char buffer[64 * 1024];
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_system_error(kDoing, path, errno);
    if (count == 0) return result;
    result.text.append(buffer, static_cast<std::size_t>(count));
    if (result.text.size() > limit) refuse(path, too_large(limit));
  }
}

}  // namespace snapshotter::config
