#include "platform/files.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cerrno>

namespace snapshotter::platform {
namespace {

constexpr std::uint64_t kLargestText = std::uint64_t{64} << 20U;

}  // namespace

std::unique_ptr<File> Files::open_uncached(const std::string& path) {
  auto file = open_read(path);
  file->drop_cache();
  return file;
}

std::string read_text(Files& files, const std::string& path) {
  const auto file = files.open_read(path);
  const auto size = file->size();
  if (size > kLargestText) throw_system_error("read whole", path, EFBIG);
  std::string text(static_cast<std::size_t>(size), '\0');
  text.resize(file->read_at(0, std::as_writable_bytes(std::span(text))));
  return text;
}

void replace_text(Files& files, const std::string& path, std::string_view content) {
  const auto name = path.find_last_of('/') + 1;
  const auto folder = path.substr(0, std::max<std::size_t>(name, 2) - 1);
  const auto temporary = path.substr(0, name) + "." + path.substr(name) + ".partial";
  files.remove(temporary);  // of an attempt that the power cut short
  try {
    const auto file = files.create(temporary);
    file->write(std::as_bytes(std::span(content)));
    file->sync();
    files.rename(temporary, path);
  } catch (...) {
    try {
      files.remove(temporary);
    } catch (const Error&) {  // the first error is the one to tell
    }
    throw;
  }
  files.sync_directory(folder);
}

}  // namespace snapshotter::platform
