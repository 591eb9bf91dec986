// Inside of lib/schedule: the names in the system's tz database, and what the system calls its own
// zone. Reads folders and links only; the rules of a zone are read in time_zone.cpp.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::schedule {

// $TZDIR or /usr/share/zoneinfo.
[[nodiscard]] std::filesystem::path zone_folder();

// Every zone of the database, sorted, links included; the copies below posix/ and right/ are not.
[[nodiscard]] std::vector<std::string> zone_names();

// Whether `name` may be looked up in the database: it can't leave the folder.
[[nodiscard]] bool is_zone_name(std::string_view name);

// Where the rules of the system's zone may be found, best first: names in the database, and last
// the absolute path of a file. `tz` is the environment's TZ, which libc lets go before `localtime`
// (/etc/localtime). A name is preferred to a file, because it is what people know the zone by.
[[nodiscard]] std::vector<std::string> system_zone_candidates(
    const std::optional<std::string>& tz, const std::filesystem::path& localtime);

}  // namespace snapshotter::schedule
