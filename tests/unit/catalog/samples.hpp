// Records for the catalog's tests, and a catalog in a folder of its own.
#pragma once

#include "catalog/catalog.hpp"
#include "support/temp_dir.hpp"

#include <chrono>
#include <string>

namespace snapshotter::catalog {

inline constexpr Time kNoon{std::chrono::sys_days{std::chrono::November / 24 / 2026} +
                            std::chrono::hours{12}};

// Everything that a C string, JSON or UTF-8 would lose.
inline const std::string kAnyBytes{"a\0b\n\xff\xfe'\"\\\xc3\xa4", 11};

inline RunRecord run_at(const std::string& id, const std::string& job, Time queued,
                        RunState state = RunState::succeeded) {
  RunRecord run;
  run.id = id;
  run.job = job;
  run.queued = queued;
  run.state = state;
  return run;
}

inline BackupRecord backup_at(const std::string& job, const std::string& target, Time taken) {
  BackupRecord backup;
  backup.id = job + "/" + target + "/" + to_compact(taken);
  backup.store = "local";
  backup.job = job;
  backup.target = target;
  backup.taken = taken;
  backup.sha256 = "5d41";
  backup.format = "tar.gz";
  backup.verified = taken;
  return backup;
}

struct CatalogFile {
  test::TempDir folder;
  std::string path = (folder.path() / "catalog.db").string();
  [[nodiscard]] Catalog open() const { return Catalog(path); }
};

inline std::vector<std::string> ids(const std::vector<RunRecord>& runs) {
  std::vector<std::string> result;
  for (const auto& run : runs) result.push_back(run.id);
  return result;
}

inline std::vector<std::string> ids(const std::vector<BackupRecord>& backups) {
  std::vector<std::string> result;
  for (const auto& backup : backups) result.push_back(backup.id);
  return result;
}

using Ids = std::vector<std::string>;

}  // namespace snapshotter::catalog
