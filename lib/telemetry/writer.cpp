#include "telemetry/writer.hpp"

#include "telemetry/places.hpp"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace snapshotter::telemetry {
namespace {

// Set while this thread is inside the observer: what that logs is not for the observer.
thread_local bool observing = false;

Time system_now() { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }

}  // namespace

LogWriter::LogWriter(const LogSettings& settings, Logging::Now now)
    : now_(now ? std::move(now) : system_now),
      places_(std::make_unique<Places>(settings)),
      level_(settings.level) {
  // Signals are the program's business, so this thread, which inherits the mask, takes none.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_setname_np(thread_.native_handle(), "log");
}

LogWriter::~LogWriter() { close(); }

bool LogWriter::enabled(LogLevel level) const noexcept {
  return level >= level_ || (level >= LogLevel::info && observed_);
}

void LogWriter::submit(LogLevel level, std::string_view text, const LogFields& fields) {
  if (!enabled(level)) return;
  Line line{now_(), level, safe(text), safe(fields)};
  if (level >= LogLevel::info && observed_) observe(line);
  if (level < level_) return;
  const std::lock_guard lock(mutex_);
  if (closing_) return;
  if (queue_.size() >= kMaxQueued) {
    ++dropped_;
    return;
  }
  queue_.emplace_back(std::move(line));
  ++queued_count_;
  wake_.notify_one();
}

void LogWriter::observe(const Line& line) {
  if (observing) return;
  const std::shared_lock lock(observer_mutex_);
  if (!observer_) return;
  observing = true;
  try {
    observer_(line.level, line.text, line.fields, line.time);
  } catch (...) {  // NOLINT(bugprone-empty-catch): as the contract says
  }
  observing = false;
}

void LogWriter::reconfigure(const LogSettings& settings) {
  const std::lock_guard lock(mutex_);
  level_ = settings.level;
  queue_.emplace_back(settings);
  ++queued_count_;
  wake_.notify_one();
}

void LogWriter::flush() {
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = queued_count_;
  written_.wait(lock, [&] { return written_count_ >= wanted; });
}

void LogWriter::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  set_observer({});
}

void LogWriter::set_observer(Logging::Observer observer) {
  const std::unique_lock lock(observer_mutex_);
  observed_ = static_cast<bool>(observer);
  observer_ = std::move(observer);
}

void LogWriter::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return closing_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const auto batch = std::exchange(queue_, {});
    const std::size_t size = batch.size();
    const std::uint64_t dropped = std::exchange(dropped_, 0);
    lock.unlock();
    write(batch, dropped);
    lock.lock();
    written_count_ += size;
    written_.notify_all();
  }
}

void LogWriter::write(const std::deque<Item>& batch, std::uint64_t dropped) {
  for (const Item& item : batch) {
    if (const auto* line = std::get_if<Line>(&item)) {
      places_->write(*line);
      continue;
    }
    // The old ones are closed first: syslog(3) has one connection per process.
    places_ = nullptr;
    places_ = std::make_unique<Places>(std::get<LogSettings>(item));
  }
  if (dropped == 0) return;
  places_->write({now_(),
                  LogLevel::warning,
                  std::to_string(dropped) +
                      " lines are missing here: they came faster than the log could be written",
                  {}});
}

}  // namespace snapshotter::telemetry
