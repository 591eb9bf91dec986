// Snapshots that are ours and must not stay: Prometheus never deletes one, and each pins its blocks
// on the disk.
//
// A snapshot's name is known only with the server's answer. So two things are remembered, each
// durable before what it is needed for:
//
//   "request"         before the server is asked: the time, the time until which it may be
//                     answered, and the snapshots that look as if made in this time and were there
//   "snapshot NAME"   at the answer; "made", or "unanswered" where the name was found out
//
// sweep() deletes what is remembered, after each backup, before the next and at start. A request
// that was never answered (the daemon was killed, the connection broke) becomes a name when exactly
// one snapshot is new since, and is stamped within its time; with several none is touched, a
// message names them, and the request is forgotten: later, when somebody has deleted some of them,
// the one that is left may not be ours. Before such a snapshot is deleted two looks a second apart
// must be equal, for the server may still be writing it.
//
// A name that is not in the folder is kept for a week, as data_dir may be wrong or not mounted now.
#pragma once

#include "async/task.hpp"
#include "target/prometheus/snapshots_folder.hpp"
#include "target/surroundings.hpp"
#include "target/target.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace snapshotter::target::prometheus {

// Loop thread; for one backup or recovery. Throws CatalogError where memory fails.
class Leftovers {
 public:
  // The clocks of this machine and the server's may differ by so much.
  static constexpr Duration kSkew = std::chrono::seconds{5};
  static constexpr Duration kKeepMissing = std::chrono::hours{7 * 24};

  // Both outlive it.
  Leftovers(Surroundings& surroundings, const SnapshotsFolder& folder)
      : surroundings_(surroundings), folder_(folder) {}

  // Before the server is asked for a snapshot, which it may begin until `until`.
  [[nodiscard]] Task<> asking(Time until);
  // It answered with this name.
  [[nodiscard]] Task<> made(std::string name);
  // It answered that it did not make one.
  [[nodiscard]] Task<> not_made();

  struct Swept {
    std::vector<std::string> removed;
    // What could not be deleted and why; printable, for people.
    std::vector<Warning> problems;
  };
  // Whether to wait for a snapshot that may still be written; else it stays remembered.
  enum class Unfinished { wait, leave };
  [[nodiscard]] Task<Swept> sweep(Unfinished unfinished);

 private:
  using Values = std::map<std::string, std::string>;

  Task<> resolve_request(std::string value, std::set<std::string> known, Swept& swept);
  Task<> sweep_one(std::string name, bool may_grow, Swept& swept);
  Task<bool> is_settled(std::string name);
  Task<std::vector<std::string>> names();

  Surroundings& surroundings_;
  const SnapshotsFolder& folder_;
};

}  // namespace snapshotter::target::prometheus
