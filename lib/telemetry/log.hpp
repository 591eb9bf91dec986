// The daemon's log: lines with fields that say which job, run and target they are about.
//
// A line goes to any of four places: systemd's journal (with the fields as SNAPSHOTTER_JOB,
// SNAPSHOTTER_RUN, SNAPSHOTTER_TARGET and MESSAGE_ID), the console, a rotating file, syslog. A
// thread of the log's own writes them, so a full disk, a hanging file system or a reader that has
// stopped reading never holds up whoever logs: when kMaxQueued lines wait, further ones are
// dropped, counted, and the number is logged as soon as there is room.
//
// A place that can't be written never fails its callers either. The others are told, once a minute
// and with the number of lines it missed (standard error, where no other place takes the line), and
// it is tried again with every line; a file that can't be opened, once a minute.
//
// Texts and fields may hold any bytes: what is no printable UTF-8 is escaped as by printable(),
// except that backslashes stay as they are, because file names in a text are escaped already. A
// text of more than kMaxText bytes is cut. Nothing here knows secrets: callers don't log them.
#pragma once

#include "base/time.hpp"
#include "base/units.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::telemetry {

enum class LogLevel { trace, debug, info, warning, error };
[[nodiscard]] std::string_view name(LogLevel level);
[[nodiscard]] std::optional<LogLevel> parse_log_level(std::string_view name);

// Empty ones are left out.
struct LogFields {
  std::string job = {};
  std::string run = {};
  std::string target = {};
  std::string message_id = {};  // message_ids.hpp
};

inline constexpr std::size_t kMaxText = 8192;
inline constexpr std::size_t kMaxQueued = 1024;

class LogWriter;

// A handle to the log with fields of its own. Cheap to copy; any thread; never throws, never blocks
// for longer than it takes to queue a line. May outlive its Logging: it then drops its lines, as a
// default-constructed one does.
class Logger {
 public:
  Logger() = default;

  // Fields given here win over bound ones.
  void log(LogLevel level, std::string_view text, const LogFields& fields = {}) const noexcept;
  void trace(std::string_view text, const LogFields& fields = {}) const noexcept;
  void debug(std::string_view text, const LogFields& fields = {}) const noexcept;
  void info(std::string_view text, const LogFields& fields = {}) const noexcept;
  void warning(std::string_view text, const LogFields& fields = {}) const noexcept;
  void error(std::string_view text, const LogFields& fields = {}) const noexcept;

  // A logger whose every line carries `fields` on top of this one's.
  [[nodiscard]] Logger with(const LogFields& fields) const;

  // Whether anybody sees lines of this level: ask before building an expensive text.
  [[nodiscard]] bool enabled(LogLevel level) const noexcept;

 private:
  friend class Logging;
  explicit Logger(std::shared_ptr<LogWriter> writer) : writer_(std::move(writer)) {}

  std::shared_ptr<LogWriter> writer_;
  std::shared_ptr<const LogFields> bound_;
};

struct LogSettings {
  LogLevel level = LogLevel::info;  // lines below it are not written
  bool journal = false;
  // Standard error: "2026-11-24 02:00:00 warning nightly/app-db: text", local time; in colour on a
  // terminal unless $NO_COLOR is set.
  bool console = true;
  // "2026-11-24T02:00:00.123456Z warning nightly/app-db 20261124T020000Z-3f9c: text", UTC. 0600
  // from its first moment on, as are those that rotation makes (NAME.1.log is the newest old one);
  // an existing file keeps its mode. Its folder is made, 0700, where it is missing.
  struct File {
    std::string path;
    ByteSize max_size = 10_MiB;   // of one file
    std::uint32_t max_files = 5;  // in all, the current one included; at least 1
  };
  std::optional<File> file;
  struct Syslog {
    bool enabled = false;
    std::string facility = "daemon";  // one of syslog_facilities()
  } syslog;
};

// The names that syslog(3)'s facilities go by: "daemon", "user", "local0", …
[[nodiscard]] std::vector<std::string> syslog_facilities();

// Owns the log. Made first and destroyed last by the program; one per process, because syslog(3)
// is.
class Logging {
 public:
  using Now = std::function<Time()>;  // any thread

  // Never fails for a place that can't be opened (above). `now` stamps the lines; empty: the
  // system's clock.
  explicit Logging(const LogSettings& settings, Now now = {});
  // Writes what is queued.
  ~Logging();
  Logging(const Logging&) = delete;
  Logging& operator=(const Logging&) = delete;

  [[nodiscard]] Logger logger() const;

  // Closes all places and opens those of `settings` (a file that was moved away is made anew).
  // Lines logged before this call go to the old ones, later ones to the new: none is lost or
  // written twice. Any thread; returns at once.
  void reconfigure(const LogSettings& settings);

  // Waits until every line logged before was written.
  void flush();

  // Is called with each line from info up, whatever the level in the settings, in the thread that
  // logs it, before it is queued: it must be quick. What it logs itself it is not called with.
  // Never called again once set_observer has returned with another one (empty: nobody); not to be
  // set from within the observer. Exceptions are dropped.
  using Observer =
      std::function<void(LogLevel, std::string_view text, const LogFields& fields, Time time)>;
  void set_observer(Observer observer);

 private:
  std::shared_ptr<LogWriter> writer_;
};

// Whether standard error is the journal's stream ($JOURNAL_STREAM), as in a service that systemd
// started: then `journal: auto` means yes and `console: auto` no.
[[nodiscard]] bool running_under_systemd();

}  // namespace snapshotter::telemetry
