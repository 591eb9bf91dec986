// A Prometheus that does what the test says, with blocks that promtool made, and a target for it.
#pragma once

#include "async/loop.hpp"
#include "async/task_group.hpp"
#include "contract/target/memory_archive.hpp"
#include "support/fake/fake_memory.hpp"
#include "support/fake/manual_clock.hpp"
#include "support/scripted_server.hpp"
#include "support/temp_dir.hpp"
#include "target/prometheus/prometheus_target.hpp"

#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace snapshotter::test {

// Time is the test's: everything runs on one thread.
class PrometheusWorld {
 public:
  explicit PrometheusWorld(unsigned blocks = 2);

  // Runs one backup to its end, against a server that answers as `server` says.
  void back_up(const std::function<void(ScriptedServer&)>& server);
  void recover();
  // Asked again and again while the backup runs; cancels it at the first true.
  std::function<bool()> cancel_when;
  // How time passes while something runs.
  Duration step = std::chrono::milliseconds{100};

  // What Prometheus does: makes the snapshot by hard links. Returns its name.
  std::string make_snapshot(const std::string& name = kName) const;
  // The server that does so when asked; everything else is 404.
  [[nodiscard]] http::Response answer(const http::Request& request) const;
  [[nodiscard]] static http::Response named(const std::string& name);

  // In data_dir/snapshots, and as remembered.
  [[nodiscard]] std::vector<std::string> snapshots() const;
  [[nodiscard]] std::string what() const;  // the error's message; "" for none
  [[nodiscard]] std::string advice() const;
  [[nodiscard]] bool retryable() const;
  [[nodiscard]] bool cancelled() const;
  // "KIND PATH: WHAT" of each warning.
  [[nodiscard]] std::vector<std::string> warnings() const;
  [[nodiscard]] std::map<std::string, Member> members();

  static constexpr const char* kName = "20261124T020001Z-116eecd829705491";

  TempDir dir;
  std::filesystem::path data = dir.path() / "data";
  std::vector<std::string> blocks;
  target::PrometheusSettings settings;
  FakeMemory memory;
  async::Loop loop;
  ManualClock clock{loop.executor()};
  target::Progress progress;
  target::Report report;
  std::exception_ptr error;
  std::vector<http::Request> requests;  // that the server saw
  Duration took{0};

 private:
  Task<int> play(std::function<void(ScriptedServer&)> prepare);
  Task<> attempt(target::BackupTarget& target);
  Task<int> play_recovery();
  Task<> attempt_recovery(target::BackupTarget& target);
  Task<> until_ended(async::TaskGroup& group, async::TaskGroup::Id id);

  async::WorkerPool pool_{"test", 0};
  std::unique_ptr<platform::Random> random_ = platform::seeded_random(1);
  std::unique_ptr<MemoryArchive> archive_;
};

}  // namespace snapshotter::test
