// What a backup asks of a Prometheus server, and what its refusals mean.
#pragma once

#include "async/task.hpp"
#include "base/error.hpp"
#include "http/client.hpp"
#include "platform/clock.hpp"

#include <string>
#include <utility>

namespace snapshotter::target::prometheus {

// There was no snapshot, or nobody said that there is one.
class SnapshotError : public PrometheusBackupError {
 public:
  SnapshotError(Error::Parts parts, bool may_exist)
      : PrometheusBackupError(std::move(parts)), may_exist_(may_exist) {}
  // The server may have made one, or part of one, all the same.
  [[nodiscard]] bool may_exist() const noexcept { return may_exist_; }

 private:
  bool may_exist_;
};

// Loop thread. Status codes and Prometheus's errorType decide what an answer means, never its text,
// which is quoted.
class Server {
 public:
  // No I/O. The clock outlives it. A `timeout` without a byte from the server ends make_snapshot().
  Server(http::ClientOptions options, Duration timeout, platform::Clock& clock);

  // POST /api/v1/admin/tsdb/snapshot. Returns when the snapshot is complete, with its name, which
  // is one (snapshot_stamp). Throws SnapshotError. The server goes on when the client leaves: after
  // a cancel there will be a snapshot.
  [[nodiscard]] Task<std::string> make_snapshot(bool skip_head);

  // "2.42.0". Empty where the server does not say; only a cancel throws. This and the next take a
  // few seconds at most.
  [[nodiscard]] Task<std::string> version();
  // --storage.tsdb.path as the server sees it, which may be relative. Empty like version().
  [[nodiscard]] Task<std::string> data_path();

 private:
  [[nodiscard]] std::string path(const char* rest) const;
  [[nodiscard]] Task<std::string> ask(std::string path, std::string key);

  http::Client client_;
  Duration timeout_;
};

}  // namespace snapshotter::target::prometheus
