// Target type "prometheus": a Prometheus server's database, by way of a snapshot.
//
// Keys:
//   url        of the server (required), with the path of --web.route-prefix if it has one; and the
//              other keys of every HTTP service: username and password, bearer_token, ca_file,
//              client_certificate, client_key, server_name, proxy (http/client.hpp)
//   data_dir   --storage.tsdb.path as this machine sees it (required); of a server in a container:
//              the host's side of its volume
//   skip_head  leave out the head, the newest two or three hours, which are not a block yet
//              (default false)
//   timeout    how long the server may take to make a snapshot (default 10 min)
//
// The server needs --web.enable-admin-api, and this process the right to read and delete in
// data_dir. The server does not notice a backup: a snapshot is made of hard links, and of the head
// written once more as a block.
//
// A backup asks for a snapshot; waits until it is seen in data_dir (10 s at most, for slow mounts);
// saves its files under their paths within it, so that the archive, unpacked, is a folder for
// --storage.tsdb.path; and deletes it. Each block is checked while it is read
// (snapshot_saver.hpp): one that is damaged makes the backup partial. A snapshot without a block
// fails.
//
// The snapshot is deleted after success, failure and cancel (within 30 s, milliseconds as a rule),
// and after a kill at the next start or backup, by what is remembered of it (leftovers.hpp). What
// can't be deleted is a Warning "attention", stays remembered, and is tried again.
//
// Cancelling while the server makes the snapshot: it would go on without us, and its answer has the
// name. So that is awaited for 800 ms more, which is enough for most, and the snapshot deleted. If
// it does not come, the connection is closed and the snapshot is left to the server: the request
// stays remembered, and the next backup or start deletes what came of it, which the report of that
// backup tells. Nothing runs on in the meantime.
//
// Failures are PrometheusBackupError. What comes from the network or a busy server is retryable;
// what the configuration causes is not.
#pragma once

#include "http/client.hpp"
#include "target/target.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace snapshotter::target {

struct PrometheusSettings {
  http::ClientOptions http;
  std::string data_dir;
  bool skip_head = false;
  Duration timeout = std::chrono::minutes{10};
};

[[nodiscard]] std::shared_ptr<BackupTarget> make_prometheus_target(std::string name,
                                                                   PrometheusSettings settings);
[[nodiscard]] std::shared_ptr<BackupTarget> prometheus_target_from(const std::string& name,
                                                                   settings::Section& section);

}  // namespace snapshotter::target
