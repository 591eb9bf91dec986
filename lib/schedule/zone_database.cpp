#include "schedule/zone_database.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <system_error>

namespace snapshotter::schedule {
namespace {

namespace fs = std::filesystem;

bool is_zone_file(const fs::path& path) {
  std::string magic(4, '\0');
  std::ifstream file(path, std::ios::binary);
  return file.read(magic.data(), 4) && magic == "TZif";
}

constexpr std::string_view kFolder = "zoneinfo/";

// "/usr/share/zoneinfo/Europe/Berlin" → "Europe/Berlin"; also where another system keeps the folder
// (NixOS: /etc/zoneinfo).
std::optional<std::string> name_in_path(const fs::path& path) {
  const std::string text = path.string();
  const std::size_t found = text.rfind(kFolder);
  if (found == std::string::npos) return std::nullopt;
  std::string name = text.substr(found + kFolder.size());
  if (!is_zone_name(name)) return std::nullopt;
  return name;
}

std::vector<std::string> candidates_of_file(const fs::path& file) {
  std::vector<std::string> result;
  const auto add = [&](const fs::path& path) {
    if (const auto name = name_in_path(path)) result.push_back(*name);
  };
  std::error_code ignored;
  add(file);
  // One step first: the link's own target is the name that was chosen, at the end of a chain may be
  // the zone that it is an alias of.
  add(fs::read_symlink(file, ignored));
  add(fs::canonical(file, ignored));
  result.push_back(file.string());
  return result;
}

}  // namespace

fs::path zone_folder() {
  const char* const folder = std::getenv("TZDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/usr/share/zoneinfo";
}

std::vector<std::string> zone_names() {
  std::vector<std::string> names;
  const fs::path folder = zone_folder();
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(folder, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().lexically_relative(folder).string();
    if (name == "posix" || name == "right") entry.disable_recursion_pending();
    if (name == "localtime" || name == "posixrules" || !is_zone_name(name)) continue;
    std::error_code ignored;
    if (entry->is_regular_file(ignored) && is_zone_file(entry->path())) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool is_zone_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '/';
  };
  return !name.empty() && name.front() != '/' && name.back() != '/' &&
         name.find("//") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(), allowed);
}

std::vector<std::string> system_zone_candidates(const std::optional<std::string>& tz,
                                                const fs::path& localtime) {
  if (!tz) return candidates_of_file(localtime);
  const std::string name = tz->starts_with(':') ? tz->substr(1) : *tz;
  if (name.starts_with('/')) return candidates_of_file(name);
  if (is_zone_name(name)) return {name};
  return {};
}

}  // namespace snapshotter::schedule
