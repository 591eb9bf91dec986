// One line of the log, and what it looks like in each place. Pure; internal to this module.
#pragma once

#include "base/time.hpp"
#include "telemetry/log.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::telemetry {

struct Line {
  Time time;
  LogLevel level = LogLevel::info;
  std::string text;
  LogFields fields;
};

// At most kMaxText bytes of `text`, fit for one line; backslashes stay as they are.
[[nodiscard]] std::string safe(std::string_view text);
[[nodiscard]] LogFields safe(const LogFields& fields);
// `above` where it has something, `below` elsewhere.
[[nodiscard]] LogFields merge(const LogFields& below, const LogFields& above);

struct ConsoleLine {
  std::string text;
  std::size_t level_begin = 0, level_end = 0;  // the part to colour
};
// All without a newline.
[[nodiscard]] ConsoleLine console_line(const Line& line);
[[nodiscard]] std::string file_line(const Line& line);
[[nodiscard]] std::string syslog_line(const Line& line);
// "NAME=value", as sd_journal_sendv(3) takes them.
[[nodiscard]] std::vector<std::string> journal_fields(const Line& line);

// LOG_ERR and so on.
[[nodiscard]] int syslog_priority(LogLevel level) noexcept;
// LOG_DAEMON and so on; LOG_DAEMON for an unknown name.
[[nodiscard]] int syslog_facility(std::string_view name) noexcept;

// Whether `descriptor` is the stream that systemd describes in $JOURNAL_STREAM as "device:inode".
[[nodiscard]] bool is_journal_stream(std::string_view journal_stream, int descriptor);

}  // namespace snapshotter::telemetry
