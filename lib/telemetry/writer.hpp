// The queue between those who log and the thread that writes. Internal to this module.
#pragma once

#include "telemetry/line.hpp"
#include "telemetry/log.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <variant>

namespace snapshotter::telemetry {

class Places;

// Any thread may call its members.
class LogWriter {
 public:
  LogWriter(const LogSettings& settings, Logging::Now now);
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  [[nodiscard]] bool enabled(LogLevel level) const noexcept;
  void submit(LogLevel level, std::string_view text, const LogFields& fields);
  void reconfigure(const LogSettings& settings);
  void flush();
  // Writes what is queued and ends the thread; later lines are dropped.
  void close();
  void set_observer(Logging::Observer observer);

 private:
  // In one queue, so that new settings hold for exactly the lines behind them.
  using Item = std::variant<Line, LogSettings>;

  void run();
  void observe(const Line& line);
  void write(const std::deque<Item>& batch, std::uint64_t dropped);

  const Logging::Now now_;
  std::unique_ptr<Places> places_;  // the thread's
  std::atomic<LogLevel> level_;
  std::atomic<bool> observed_{false};
  std::shared_mutex observer_mutex_;
  Logging::Observer observer_;

  std::mutex mutex_;  // all that follows
  std::condition_variable wake_, written_;
  std::deque<Item> queue_;
  std::uint64_t queued_count_ = 0, written_count_ = 0, dropped_ = 0;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace snapshotter::telemetry
