#include "support/fake/fake_target.hpp"

#include "async/offload.hpp"
#include "base/error.hpp"

#include <algorithm>
#include <span>
#include <stop_token>

namespace snapshotter::test {

FakeScript FakeScript::of_files(std::size_t count, const std::string& content) {
  FakeScript script;
  for (std::size_t i = 0; i < count; ++i) {
    script.files.emplace_back("fake/" + std::to_string(i), content);
  }
  return script;
}

std::exception_ptr FakeScript::failure(bool retryable) {
  return std::make_exception_ptr(
      BackupError({"back up", "what a test says", "on purpose", "", retryable}));
}

class FakeTarget::Running {
 public:
  explicit Running(FakeTarget& target) : target_(target), shared_(target.script.concurrency) {
    target_.overlapped_ = target_.overlapped_ || target_.running_ > 0;
    ++target_.running_;
    if (shared_) shared_->most = std::max(shared_->most, ++shared_->running);
  }
  ~Running() {
    --target_.running_;
    if (shared_) --shared_->running;
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  FakeTarget& target_;
  std::shared_ptr<Concurrency> shared_;
};

// No lambda: gcc 12 warns of one where tests include this file.
struct FakeTarget::Write {
  void operator()(const std::stop_token& stop) const { target.write_files(context, attempt, stop); }

  FakeTarget& target;
  target::Context& context;
  int attempt;
};

FakeTarget::FakeTarget(FakeScript what) : script(std::move(what)) {}

std::optional<std::uint64_t> FakeTarget::estimate(std::stop_token /*stop*/) {
  ++estimates_;
  return script.estimate;
}

Task<target::Report> FakeTarget::backup(target::Context& context) {
  const Running running(*this);
  const int attempt = ++attempts_;
  try {
    target::Report report = co_await follow_script(context, attempt);
    ++completed_;
    co_return report;
  } catch (const CancelledError&) {
    ++cancelled_;
    throw;
  }
}

Task<target::Report> FakeTarget::follow_script(target::Context& context, int attempt) {
  if (script.before) co_await script.before(attempt);
  co_await async::offload(context.pool, Write{*this, context, attempt});
  target::Report report;
  for (const target::Warning& warning : script.warnings) report.add(warning);
  report.source = script.source;
  co_return report;
}

void FakeTarget::write_files(target::Context& context, int attempt, const std::stop_token& stop) {
  constexpr std::size_t kBlock = 64 * 1024;
  for (std::size_t i = 0; i < script.files.size(); ++i) {
    if (script.before_file) script.before_file(i);
    if (i + 1 == script.files.size() && script.failures.contains(attempt)) break;
    const auto& [path, content] = script.files[i];
    archive::Entry entry;
    entry.path = path;
    entry.mode = 0644;
    entry.size = content.size();
    context.archive.begin(entry);
    for (std::size_t at = 0; at < content.size(); at += kBlock) {
      if (stop.stop_requested()) throw CancelledError("write a fake backup");
      const auto block = std::as_bytes(
          std::span(content).subspan(at).first(std::min(kBlock, content.size() - at)));
      context.archive.write(block);
      context.progress.bytes_read += block.size();
    }
    context.archive.end();
    ++context.progress.entries;
  }
  const auto failure = script.failures.find(attempt);
  if (failure != script.failures.end()) std::rethrow_exception(failure->second);
}

Task<> FakeTarget::recover(target::Surroundings&) {
  ++recoveries_;
  if (script.during_recover) co_await script.during_recover();
  if (script.recover_failure) std::rethrow_exception(script.recover_failure);
  co_return;
}

}  // namespace snapshotter::test
