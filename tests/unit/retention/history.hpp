// Backups written by hand, and a time zone that needs no database.
#pragma once

#include "base/time.hpp"
#include "retention/retention.hpp"

#include <string>
#include <utility>
#include <vector>

namespace snapshotter::retention {

inline Time at(const char* rfc3339) { return parse_rfc3339(rfc3339).value(); }

inline Candidate good(std::string id, const char* taken, std::string target = "db") {
  return {std::move(id), std::move(target), at(taken), ByteSize{1}, true, false};
}
inline Candidate bad(std::string id, const char* taken, std::string target = "db") {
  return {std::move(id), std::move(target), at(taken), ByteSize{1}, false, false};
}

inline std::chrono::local_seconds utc(std::chrono::sys_seconds time) {
  return std::chrono::local_seconds{time.time_since_epoch()};
}

// Berlin in 2026: UTC+2 between the last Sundays of March and October, else UTC+1.
inline std::chrono::local_seconds berlin(std::chrono::sys_seconds time) {
  const bool summer = time >= at("2026-03-29T01:00:00Z") && time < at("2026-10-25T01:00:00Z");
  return utc(time) + std::chrono::hours{summer ? 2 : 1};
}

}  // namespace snapshotter::retention
