// A BackupTarget that follows a test's script.
#pragma once

#include "target/target.hpp"

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace snapshotter::test {

// How many backups of the targets that share it ran at once. Loop thread.
struct Concurrency {
  int running = 0;
  int most = 0;
};

struct FakeScript {
  std::vector<std::pair<std::string, std::string>> files;  // path, content
  std::vector<target::Warning> warnings;
  std::string source = R"({"fake":true})";
  std::optional<std::uint64_t> estimate;

  // Awaited on the loop before the first file, with the attempt's number from 1. It may wait for an
  // Event until the test lets go, throw, or note that the backup has begun.
  std::function<Task<>(int attempt)> before;
  // Called on the worker before each file with its index; to change the world in the middle.
  std::function<void(std::size_t file)> before_file;
  // Thrown in this attempt, when all files but the last were written.
  std::map<int, std::exception_ptr> failures;
  // Awaited in recover(), before recover_failure is thrown.
  std::function<Task<>()> during_recover;
  std::exception_ptr recover_failure;

  std::shared_ptr<Concurrency> concurrency;

  // `count` files "fake/0", "fake/1", … of that content.
  [[nodiscard]] static FakeScript of_files(std::size_t count, const std::string& content);
  // An error for `failures`: a BackupError that says "on purpose".
  [[nodiscard]] static std::exception_ptr failure(bool retryable);
};

class FakeTarget : public target::BackupTarget {
 public:
  explicit FakeTarget(FakeScript script = FakeScript::of_files(2, "content"));

  std::string type() const override { return "fake"; }
  std::string describe() const override { return "what a test says"; }
  std::optional<std::uint64_t> estimate(std::stop_token stop) override;
  Task<target::Report> backup(target::Context& context) override;
  Task<> recover(target::Surroundings& surroundings) override;

  // May be changed between runs.
  FakeScript script;

  [[nodiscard]] int attempts() const noexcept { return attempts_; }  // begun
  [[nodiscard]] int completed() const noexcept { return completed_; }
  [[nodiscard]] int cancelled() const noexcept { return cancelled_; }
  [[nodiscard]] int recoveries() const noexcept { return recoveries_; }
  [[nodiscard]] int estimates() const noexcept { return estimates_.load(); }
  // Whether a backup of this target was ever begun while another one of it ran: a bug of the
  // caller.
  [[nodiscard]] bool overlapped() const noexcept { return overlapped_; }

 private:
  class Running;
  struct Write;
  Task<target::Report> follow_script(target::Context& context, int attempt);
  void write_files(target::Context& context, int attempt, const std::stop_token& stop);

  int attempts_ = 0, completed_ = 0, cancelled_ = 0, recoveries_ = 0;
  std::atomic<int> estimates_{0};
  int running_ = 0;
  bool overlapped_ = false;
};

}  // namespace snapshotter::test
