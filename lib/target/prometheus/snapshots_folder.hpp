// DATA_DIR/snapshots, where Prometheus puts its snapshots and leaves them.
#pragma once

#include "base/time.hpp"
#include "platform/unique_fd.hpp"

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::target::prometheus {

// When a snapshot was begun, out of its name ("20261124T023010Z-116eecd829705491"; to the second).
// nullopt: that is no name of a snapshot, and never becomes part of a path.
[[nodiscard]] std::optional<Time> snapshot_stamp(std::string_view name) noexcept;

// The names of what is in an open folder, sorted. Throws PrometheusBackupError; `path` is for that.
[[nodiscard]] std::vector<std::string> names_in(int folder, const std::string& path);

// Blocking; any thread. Works relative to handles of folders and follows no symlink but those in
// data_dir's own path, so that whoever may write there can't lead it elsewhere. Everything throws
// PrometheusBackupError, which says what to do.
class SnapshotsFolder {
 public:
  // No I/O.
  explicit SnapshotsFolder(std::string data_dir);

  // Whether data_dir is a Prometheus's, and snapshots in it can be read and deleted. To be asked
  // before one is made: one that can't be deleted pins its blocks on the disk.
  void check() const;
  // The size of the blocks in data_dir, and of the head's chunks: about what a snapshot will have.
  // nullopt: can't tell.
  [[nodiscard]] std::optional<std::uint64_t> estimate(const std::stop_token& stop) const;
  // Of snapshots; sorted. What is no name of one is left out.
  [[nodiscard]] std::vector<std::string> names() const;

  // How far a snapshot is: two equal looks at different times, neither of them unfinished, show
  // that nobody writes to it any more. nullopt: there is none of this name.
  struct Look {
    std::uint64_t blocks = 0, files = 0, bytes = 0;
    bool unfinished = false;  // a block in it is being written
    bool operator==(const Look&) const = default;
  };
  [[nodiscard]] std::optional<Look> look(const std::string& name,
                                         const std::stop_token& stop) const;

  [[nodiscard]] platform::UniqueFd open(const std::string& name) const;
  // Deletes a snapshot, or what is left of it, for good (synced). False: there is none. The blocks
  // that it shares with the server stay. Throws CancelledError too, between two files.
  [[nodiscard]] bool remove(const std::string& name, const std::stop_token& stop) const;

  [[nodiscard]] const std::string& data_dir() const noexcept { return data_dir_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string path_of(const std::string& name) const { return path_ + "/" + name; }

 private:
  // No handle: there is no such folder.
  [[nodiscard]] platform::UniqueFd open_folder() const;

  std::string data_dir_;
  std::string path_;
};

}  // namespace snapshotter::target::prometheus
