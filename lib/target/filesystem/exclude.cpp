#include "target/filesystem/exclude.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <utility>

namespace snapshotter::target {
namespace {

[[noreturn]] void refuse(std::string_view pattern, std::string why) {
  throw ConfigError({"use pattern", printable(pattern), std::move(why)});
}

bool take_front(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

void check_components(std::string_view pattern, std::string_view body) {
  for (const std::string& component : split(body, '/')) {
    if (component.empty()) refuse(pattern, "has nothing between two '/'");
    if (component == "." || component == "..") {
      refuse(pattern, "never matches: paths hold no '" + component + "'");
    }
  }
}

}  // namespace

Excludes::Excludes(std::span<const std::string> patterns, std::span<const std::string> paths) {
  for (const std::string& pattern : patterns) add(pattern, paths);
}

void Excludes::add(std::string_view pattern, std::span<const std::string> paths) {
  std::string_view body = pattern;
  const bool takes_back = take_front(body, '!');
  const bool absolute = take_front(body, '/');
  const bool directories_only = body.ends_with('/');
  if (directories_only) body.remove_suffix(1);
  if (body.empty()) refuse(pattern, pattern.empty() ? "is empty" : "names nothing");
  check_components(pattern, body);

  const bool by_name = !absolute && body.find('/') == std::string_view::npos;
  if (absolute || by_name) {
    rules_.push_back({Glob(body), by_name, directories_only, takes_back});
    return;
  }
  for (const std::string& path : paths) {
    const std::string before = path == "/" ? "" : path.substr(1) + "/";
    rules_.push_back({Glob(body, before), by_name, directories_only, takes_back});
  }
  if (paths.empty()) static_cast<void>(Glob(body));  // still to be checked
}

bool Excludes::excludes(std::string_view path, bool directory) const {
  if (rules_.empty()) return false;
  const std::string_view name = path.substr(path.rfind('/') + 1);
  path.remove_prefix(1);
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->directories_only && !directory) continue;
    if (rule->glob.matches(rule->by_name ? name : path)) return !rule->takes_back;
  }
  return false;
}

}  // namespace snapshotter::target
