// From files to a Config.
#pragma once

#include "config/config.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::config {

inline constexpr std::string_view kDefaultPath = "/etc/snapshotterd/snapshotterd.yaml";

// Where ${…} gets its values from; tests give their own.
// interpolate.hpp says what can be written.
struct Environment {
  std::function<std::optional<std::string>(const std::string& name)> variable;  // getenv
  std::string credentials_directory;  // $CREDENTIALS_DIRECTORY; empty: none
};
[[nodiscard]] Environment process_environment();

// Thrown with every problem of every file, sorted; what() is one line per problem,
// "file:line:column: message".
class InvalidConfig : public ConfigError {
 public:
  explicit InvalidConfig(settings::Problems problems);
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }
  [[nodiscard]] const settings::Problems& details() const noexcept { return problems_; }

 private:
  std::string text_;
  settings::Problems problems_;
};

// Reads `path` and, in name order, `conf.d/*.yaml` in the same folder, merged: mappings key by key,
// the later file wins for scalars and lists. In conf.d what is hidden or no regular file is passed
// over, so a link to /dev/null switches a drop-in off. Blocking (small files, at most 16 MiB each).
// Any thread.
//
// Everything that is wrong is reported in one InvalidConfig – unless a file can't be read or is no
// YAML: then only that, for every such file, because the rest would be guesswork.
//
// A file that its group or others can read is refused when it holds a literal secret. Top-level
// keys that begin with "x-" are left alone: a place for anchors.
[[nodiscard]] Config load(const std::string& path, const Registries& registries,
                          const Environment& environment = process_environment());

// The same from text in memory (no drop-ins, no check of the file's mode).
[[nodiscard]] Config parse(std::string_view yaml, const std::string& file_name,
                           const Registries& registries,
                           const Environment& environment = process_environment());

}  // namespace snapshotter::config
