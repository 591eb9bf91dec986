// What the log's tests share.
#pragma once

#include "platform/unique_fd.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "telemetry/log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace snapshotter::telemetry {

inline constexpr Time kNight{std::chrono::sys_days{std::chrono::November / 24 / 2026} +
                             std::chrono::hours{2}};

inline LogSettings file_only(const std::string& path, LogLevel level = LogLevel::info) {
  LogSettings settings;
  settings.level = level;
  settings.console = false;
  settings.file = LogSettings::File{.path = path};
  return settings;
}

inline LogSettings nowhere() {
  LogSettings settings;
  settings.console = false;
  return settings;
}

inline Time night() { return kNight; }

inline mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

// Standard error as a file, for as long as it lives.
class CapturedStderr {
 public:
  CapturedStderr() : before_(::dup(STDERR_FILENO)) {
    const platform::UniqueFd file(::open(path_.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600));
    REQUIRE(::dup2(file.get(), STDERR_FILENO) == STDERR_FILENO);
  }
  ~CapturedStderr() { ::dup2(before_.get(), STDERR_FILENO); }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;
  [[nodiscard]] std::string text() const { return test::read_file(path_); }

 private:
  test::TempDir folder_;
  std::string path_ = folder_.string() + "/stderr";
  platform::UniqueFd before_;
};

inline std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// How many lines the log itself says it had to drop.
inline std::size_t lines_missing(const std::string& text) {
  const std::string before = "warning ";
  std::size_t missing = 0;
  for (auto at = text.find(" lines are missing"); at != std::string::npos;
       at = text.find(" lines are missing", at + 1)) {
    missing += std::stoul(text.substr(text.rfind(before, at) + before.size()));
  }
  return missing;
}

}  // namespace snapshotter::telemetry
