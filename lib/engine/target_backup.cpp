#include "engine/target_backup.hpp"

#include "archive/reader.hpp"
#include "archive/writer.hpp"
#include "async/offload.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "crypto/sha256.hpp"
#include "engine/outcome.hpp"
#include "engine/target_memory.hpp"

#include <algorithm>
#include <utility>

namespace snapshotter::engine {

catalog::BackupRecord record_of(const store::Manifest& manifest, const std::string& store) {
  catalog::BackupRecord record;
  record.id = manifest.key.id();
  record.store = store;
  record.job = manifest.key.job;
  record.target = manifest.key.target;
  record.run = manifest.run;
  record.state = manifest.state;
  record.taken = manifest.started;
  record.bytes_source = manifest.bytes_source;
  record.bytes_stored = manifest.bytes_stored;
  record.entries = manifest.entries;
  record.warnings = manifest.warning_count;
  record.sha256 = manifest.sha256;
  record.format = manifest.format;
  record.verified = manifest.verified;
  return record;
}

namespace {

using catalog::RunState;

constexpr Duration kLongestBackoff = std::chrono::hours{1};

// Counts what goes to the store, for its limit and for the progress.
class CountingSink : public ByteSink {
 public:
  CountingSink(ByteSink& sink, platform::RateLimiter& limit, std::stop_token stop,
               target::Progress& progress)
      : sink_(sink), limit_(limit), stop_(std::move(stop)), progress_(progress) {}
  void append(std::span<const std::byte> bytes) override {
    limit_.take(bytes.size(), stop_);
    sink_.append(bytes);
    progress_.bytes_written += bytes.size();
  }
  void hold(std::size_t length) override { sink_.hold(length); }
  void rewrite(std::uint64_t offset, std::span<const std::byte> bytes) override {
    sink_.rewrite(offset, bytes);
  }

 private:
  ByteSink& sink_;
  platform::RateLimiter& limit_;
  std::stop_token stop_;
  target::Progress& progress_;
};

std::vector<store::Manifest::Warning> printable_warnings(const target::Report& report) {
  std::vector<store::Manifest::Warning> list;
  for (const auto& warning : report.warnings) {
    if (list.size() == store::Manifest::kMaxWarnings) break;
    list.push_back({printable(warning.path), warning.what});
  }
  return list;
}

// One try at one target.
class Attempt {
 public:
  Attempt(const Services& services, CatalogAccess& catalog, Run& run,
          const config::TargetSpec& target, const config::StoreSpec& store,
          std::optional<ByteSize> last_good, std::function<void(Phase)> enter)
      : services_(services),
        memory_(catalog, target.name),
        run_(run),
        target_(target),
        store_(store),
        store_limit_(services.bandwidths.of_store(store.name)),
        target_limit_(services.bandwidths.of_target(target.name)),
        last_good_(last_good),
        enter_(std::move(enter)) {}

  // Everything up to a backup that is durable, read back and right, but not yet visible.
  // Cancellable.
  Task<> prepare() {
    const auto started = services_.clock.now();
    manifest_.started = started;
    co_await estimate();
    enter_(Phase::archiving);
    co_await async::offload(services_.blocking, [&](std::stop_token) {
      writer_ = store_.store->begin({run_.record.job, target_.name, to_compact(started)},
                                    std::string(archive::name(store_.format)));
    });
    const auto stop = run_.scope.token();
    sink_.emplace(*writer_, store_limit_, stop, *run_.progress);
    archive::WriterOptions options{store_.format, store_.level};
    options.index = &writer_->index();
    options.pace = [this, stop](std::uint64_t bytes) { target_limit_.take(bytes, stop); };
    archive_ = std::make_unique<archive::ArchiveWriter>(*sink_, services_.cpu, options, stop);
    target::Context context{
        {services_.loop, services_.blocking, services_.clock, services_.random, memory_},
        *archive_,
        *run_.progress};
    report_ = co_await target_.target->backup(context);
    manifest_.reasons = check_warnings(report_, target_.tolerate, target_.name);
    co_await seal_and_verify();
  }

  // Makes it visible. Not cancellable: a backup that is committed is also recorded.
  Task<store::Manifest> commit() {
    enter_(Phase::committing);
    describe();
    co_await async::offload(services_.blocking,
                            [&](std::stop_token) { writer_->commit(manifest_); });
    co_return manifest_;
  }

  // Always, at the end: removes what was not committed.
  Task<> clean_up() {
    co_await async::offload(services_.blocking, [&](std::stop_token) {
      archive_.reset();
      source_.reset();
      index_.reset();
      writer_.reset();
    });
  }

  [[nodiscard]] const target::Report& report() const { return report_; }

 private:
  Task<> estimate() {
    enter_(Phase::estimating);
    if (last_good_) {
      run_.progress->bytes_total = last_good_->bytes;
      co_return;
    }
    const auto total = co_await async::offload(
        services_.blocking, [&](std::stop_token stop) { return target_.target->estimate(stop); });
    if (total) run_.progress->bytes_total = *total;
  }

  Task<> seal_and_verify() {
    enter_(Phase::finishing);
    co_await async::offload(services_.blocking, [&](std::stop_token) {
      summary_ = archive_->finish();
      archive_.reset();  // its blocks and compressors: verifying needs as much again
      source_ = writer_->seal();
      index_ = writer_->sealed_index();
    });
    enter_(Phase::verifying);
    verified_ = co_await async::offload(services_.blocking, [&](std::stop_token stop) {
      return archive::verify_written(LimitedSource(*source_, store_limit_, stop), summary_,
                                     services_.cpu, stop, {}, index_.get());
    });
    note_index();
    manifest_.verified = services_.clock.now();
  }

  // A backup without an index is as good, but slow to restore single files from.
  void note_index() {
    const auto& index = verified_.index;
    std::string problem = summary_.index_problem;
    if (problem.empty()) problem = index ? index->problem : "it could not be written";
    if (problem.empty()) {
      manifest_.index = {index->bytes, crypto::to_hex(index->sha256)};
    } else {
      report_.add(
          {target::Warning::Kind::attention, "",
           "the backup has no index, so single files of it are restored slowly: " + problem});
    }
  }

  void describe() {
    auto& manifest = manifest_;
    manifest.snapshotter_version = version();
    manifest.key = writer_->key();
    manifest.target_type = target_.type;
    manifest.run = run_.id();
    manifest.host = services_.host;
    manifest.finished = services_.clock.now();
    manifest.archive = writer_->archive_name();
    manifest.format = archive::name(store_.format);
    manifest.level = archive::to_string(store_.level);
    manifest.bytes_source = summary_.content_bytes;
    manifest.bytes_tar = verified_.tar_bytes;
    manifest.bytes_stored = verified_.stored_bytes;
    manifest.entries = verified_.entries;
    manifest.sha256 = crypto::to_hex(verified_.sha256);
    manifest.warnings = printable_warnings(report_);
    manifest.warning_count = report_.changed + report_.missing + report_.notes + report_.attentions;
    manifest.source = report_.source;
    std::ranges::move(check_size({summary_.content_bytes}, target_.expect, last_good_),
                      std::back_inserter(manifest.reasons));
    manifest.state = manifest.reasons.empty() ? "succeeded" : "partial";
  }

  const Services& services_;
  TargetMemory memory_;
  Run& run_;
  const config::TargetSpec& target_;
  const config::StoreSpec& store_;
  platform::RateLimiter& store_limit_;
  platform::RateLimiter& target_limit_;
  std::optional<ByteSize> last_good_;
  std::function<void(Phase)> enter_;

  std::unique_ptr<store::BackupWriter> writer_;
  std::optional<CountingSink> sink_;
  std::unique_ptr<archive::ArchiveWriter> archive_;
  std::unique_ptr<ByteSource> source_, index_;
  target::Report report_;
  archive::WriteSummary summary_;
  archive::VerifySummary verified_;
  store::Manifest manifest_;
};

// Without a catalog there is still a backup to be made.
Task<std::optional<ByteSize>> last_good_size(CatalogAccess& catalog, const std::string& job,
                                             const std::string& target,
                                             const telemetry::Logger& log) {
  try {
    const auto backups = co_await catalog.call(
        [&](catalog::Catalog& records) { return records.backups(job, target); });
    const auto good = std::ranges::find_if(backups, &catalog::BackupRecord::good);
    if (good != backups.end()) co_return ByteSize{good->bytes_source};
  } catch (const CatalogError& error) {
    log.error(error.what());
  }
  co_return std::nullopt;
}

// A backup that the catalog could not take is found in the store by the next start, or by a rescan.
Task<> record(CatalogAccess& catalog, catalog::BackupRecord backup, const telemetry::Logger& log) {
  try {
    co_await catalog.call([&](catalog::Catalog& records) { records.put_backup(backup); });
  } catch (const CatalogError& error) {
    log.error(error.what());
  }
}

void take(catalog::TargetResult& result, const store::Manifest& manifest) {
  result.state = manifest.state == "succeeded" ? RunState::succeeded : RunState::partial;
  result.reasons = manifest.reasons;
  result.error.clear();
  result.bytes_source = manifest.bytes_source;
  result.bytes_stored = manifest.bytes_stored;
  result.entries = manifest.entries;
  result.warnings = manifest.warning_count;
  result.backup = manifest.key.id();
}

std::string one_line(const store::Manifest& manifest) {
  const auto seconds =
      std::chrono::floor<std::chrono::milliseconds>(manifest.finished - manifest.started);
  auto line = "backed up " + to_string(ByteSize{manifest.bytes_source}) + " in " +
              std::to_string(manifest.entries) + " entries as " +
              to_string(ByteSize{manifest.bytes_stored}) + ", verified, in " + to_string(seconds) +
              ": " + manifest.key.id();
  if (manifest.warning_count > 0) {
    line += ", " + std::to_string(manifest.warning_count) + " warnings";
  }
  return line;
}

std::string line_of(const target::Warning& warning) {
  return warning.path.empty() ? warning.what : printable(warning.path) + ": " + warning.what;
}

// Warnings of the target, a few of them, what somebody should act on first: all are in the
// manifest.
void log_warnings(const telemetry::Logger& log, const target::Report& report) {
  using Kind = target::Warning::Kind;
  auto warnings = report.warnings;
  std::erase_if(warnings, [](const auto& warning) { return warning.kind == Kind::note; });
  std::ranges::stable_partition(
      warnings, [](const auto& warning) { return warning.kind == Kind::attention; });
  constexpr std::size_t kMost = 20;
  for (std::size_t i = 0; i < std::min(warnings.size(), kMost); ++i) {
    log.warning(line_of(warnings[i]));
  }
  if (warnings.size() > kMost) log.warning("more warnings are in the backup's manifest");
}

// For those who are told of the run's end.
void note_attentions(const target::Report& report, Run& run, const std::string& target) {
  for (const auto& warning : report.warnings) {
    if (warning.kind != target::Warning::Kind::attention) continue;
    run.attentions.push_back(target + ": " + line_of(warning));
  }
}

void end_unfinished(catalog::TargetResult& result, Run::CancelReason reason) {
  switch (reason) {
    case Run::CancelReason::timeout:
      result.state = RunState::failed;
      result.error = "the job's timeout passed";
      return;
    case Run::CancelReason::shutdown:
      result.state = RunState::interrupted;
      result.error = "the daemon was stopped";
      return;
    default:
      result.state = RunState::cancelled;
      result.error = "cancelled on request";
  }
}

// What an attempt left: a committed backup, or an error and whether to try again.
struct Ended {
  std::optional<store::Manifest> manifest;
  std::string error;
  bool cancelled = false;
  bool retry = false;
};

Task<Ended> try_once(const Services& services, CatalogAccess& catalog, Run& run,
                     const config::TargetSpec& target, const config::StoreSpec& store,
                     std::optional<ByteSize> last_good, const telemetry::Logger& log,
                     const std::function<void()>& changed) {
  run.progress = std::make_shared<target::Progress>();
  Attempt attempt(services, catalog, run, target, store, last_good, [&](Phase phase) {
    run.phase = phase;
    changed();
  });
  Ended ended;
  try {
    co_await run.scope.run(attempt.prepare());
    ended.manifest = co_await attempt.commit();
  } catch (const CancelledError&) {
    ended.cancelled = true;
  } catch (const Error& error) {
    ended.error = error.what();
    ended.retry = error.retryable();
  } catch (const std::exception& error) {
    ended.error = std::string("unexpected: ") + error.what();
  }
  log_warnings(log, attempt.report());
  note_attentions(attempt.report(), run, target.name);
  co_await attempt.clean_up();
  co_return ended;
}

// Attempts until one leaves a backup, or no further one is worth it. Throws CancelledError.
class TargetBackup {
 public:
  TargetBackup(const Services& services, CatalogAccess& catalog, Run& run,
               catalog::TargetResult& result, std::function<void()> changed)
      : services_(services),
        catalog_(catalog),
        run_(run),
        result_(result),
        changed_(std::move(changed)),
        log_(services.log.with({.job = run.record.job, .run = run.id(), .target = result.target})),
        target_(run.config->targets.at(result.target)),
        store_(run.config->stores.at(run.job()->store)) {}

  Task<> execute() {
    const auto last_good = co_await last_good_size(catalog_, run_.record.job, result_.target, log_);
    auto backoff = run_.job()->retry.backoff;
    for (;;) {
      ++result_.attempts;
      const auto ended =
          co_await try_once(services_, catalog_, run_, target_, store_, last_good, log_, changed_);
      if (ended.manifest) co_return co_await succeed(*ended.manifest);
      if (ended.cancelled) throw CancelledError();
      result_.error = ended.error;
      if (!ended.retry || result_.attempts >= run_.job()->retry.attempts) {
        result_.state = RunState::failed;
        log_.error(ended.error);
        co_return;
      }
      co_await pause(backoff);
      backoff = std::min(backoff * 2, kLongestBackoff);
    }
  }

 private:
  Task<> succeed(store::Manifest manifest) {
    take(result_, manifest);
    log_.info(one_line(manifest));
    for (const auto& reason : result_.reasons) log_.warning("only partial: " + reason);
    co_await record(catalog_, record_of(manifest, store_.name), log_);
  }

  Task<> pause(Duration backoff) {
    log_.warning(result_.error + "; attempt " + std::to_string(result_.attempts) + " of " +
                 std::to_string(run_.job()->retry.attempts) + ", next in " + to_string(backoff));
    run_.phase = Phase::pausing;
    changed_();
    co_await run_.scope.run(services_.clock.sleep_for(backoff));
  }

  const Services& services_;
  CatalogAccess& catalog_;
  Run& run_;
  catalog::TargetResult& result_;
  std::function<void()> changed_;
  telemetry::Logger log_;
  const config::TargetSpec& target_;
  const config::StoreSpec& store_;
};

}  // namespace

Task<> back_up_target(const Services& services, CatalogAccess& catalog, Run& run,
                      catalog::TargetResult& result, std::function<void()> changed) {
  result.state = RunState::running;
  result.started = services.clock.now();
  run.current = result.target;
  try {
    TargetBackup backup(services, catalog, run, result, std::move(changed));
    co_await backup.execute();
  } catch (const CancelledError&) {
    end_unfinished(result, run.cancel_reason);
  }
  result.finished = services.clock.now();
  run.current.clear();
  run.phase = Phase::waiting;
}

}  // namespace snapshotter::engine
