#include "telemetry/places.hpp"

#include "base/error.hpp"
#include "platform/files.hpp"
#include "platform/unique_fd.hpp"

#include <fcntl.h>
#include <spdlog/details/log_msg.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/syslog_sink.h>
#include <sys/stat.h>
#include <sys/uio.h>
#define SD_JOURNAL_SUPPRESS_LOCATION  // a line's place in the source says nothing to its readers
#include <systemd/sd-journal.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace snapshotter::telemetry {
namespace {

constexpr std::chrono::minutes kBetweenComplaints{1};

// What goes through spdlog's sinks to our formatters and back to us, with the fields that spdlog
// has no place for.
struct Record : spdlog::details::log_msg {
  explicit Record(const Line& from)
      : log_msg(from.time, spdlog::source_loc{}, "snapshotterd", level_of(from.level), from.text),
        line(&from) {}
  static spdlog::level::level_enum level_of(LogLevel level) {
    constexpr std::array levels{spdlog::level::trace, spdlog::level::debug, spdlog::level::info,
                                spdlog::level::warn, spdlog::level::err};
    return levels.at(static_cast<std::size_t>(level));
  }
  const Line* line;
};

const Line& line_of(const spdlog::details::log_msg& message) {
  return *static_cast<const Record&>(message).line;
}

void append(spdlog::memory_buf_t& to, const std::string& text) {
  to.append(text.data(), text.data() + text.size());
}

// `Write` fills the buffer for one line.
template <void (*Write)(const spdlog::details::log_msg&, spdlog::memory_buf_t&)>
class Formatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) override {
    Write(message, to);
  }
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<Formatter>();
  }
};

void format_console(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) {
  const ConsoleLine line = console_line(line_of(message));
  message.color_range_start = line.level_begin;
  message.color_range_end = line.level_end;
  append(to, line.text + "\n");
}

void format_file(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) {
  append(to, file_line(line_of(message)) + "\n");
}

void format_syslog(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) {
  append(to, syslog_line(line_of(message)));
}

class JournalSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    auto fields = journal_fields(line_of(message));
    std::vector<iovec> parts;
    parts.reserve(fields.size());
    for (auto& field : fields) parts.push_back({field.data(), field.size()});
    const int result = sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
    if (result < 0) throw SystemError({"write to", "the journal", error_text(-result)});
  }
  void flush_() override {}
};

// spdlog opens files as fopen(3) does: 0666 less the umask, and open in child processes too.
spdlog::file_event_handlers private_files() {
  spdlog::file_event_handlers handlers;
  handlers.before_open = [](const std::string& path) {
    const platform::UniqueFd file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600));
    // The umask may have taken rights from the owner. Failures show when spdlog opens it.
    if (file) (void)::fchmod(file.get(), 0600);
  };
  handlers.after_open = [](const std::string&, std::FILE* stream) {
    (void)::fcntl(::fileno(stream), F_SETFD, FD_CLOEXEC);
  };
  return handlers;
}

Place::Sink open_file(const LogSettings::File& file) {
  const std::string folder = std::filesystem::path(file.path).parent_path();
  platform::system_files()->make_directories(folder);
  const std::size_t max_size = std::max<std::uint64_t>(file.max_size.bytes, 1);
  const std::size_t old_files = std::max<std::size_t>(file.max_files, 1) - 1;
  auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_st>(file.path, max_size, old_files,
                                                                     false, private_files());
  sink->set_formatter(std::make_unique<Formatter<format_file>>());
  return sink;
}

Place::Sink open_console() {
  const char* no_color = std::getenv("NO_COLOR");
  const bool plain = no_color != nullptr && *no_color != '\0';
  auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_st>(
      plain ? spdlog::color_mode::never : spdlog::color_mode::automatic);
  sink->set_formatter(std::make_unique<Formatter<format_console>>());
  return sink;
}

Place::Sink open_syslog(const LogSettings::Syslog& syslog) {
  auto sink = std::make_shared<spdlog::sinks::syslog_sink_st>(
      "snapshotterd", LOG_PID, syslog_facility(syslog.facility), true);
  sink->set_formatter(std::make_unique<Formatter<format_syslog>>());
  return sink;
}

}  // namespace

bool Place::write(const Line& line) noexcept {
  try {
    if (!sink_) {
      const auto now = Clock::now();
      if (opened_ && now - *opened_ < kBetweenComplaints) return false;
      opened_ = now;
      sink_ = open_();
    }
    sink_->log(Record(line));
    // A daemon's lines are few, and the last ones before a crash are those that matter.
    sink_->flush();
    return true;
  } catch (const std::exception& error) {
    why_ = error.what();
  }
  return false;
}

bool Place::complain() noexcept {
  ++lost_;
  const auto now = Clock::now();
  if (complained_ && now - *complained_ < kBetweenComplaints) return false;
  complained_ = now;
  return true;
}

std::uint64_t Place::take_lost() noexcept { return std::exchange(lost_, 0); }

Places::Places(const LogSettings& settings) {
  if (settings.journal) places_.emplace_back([] { return std::make_shared<JournalSink>(); });
  if (settings.console) places_.emplace_back(open_console);
  if (settings.file) {
    places_.emplace_back([file = *settings.file] { return open_file(file); });
  }
  if (settings.syslog.enabled) {
    places_.emplace_back([syslog = settings.syslog] { return open_syslog(syslog); });
  }
}

void Places::write(const Line& line) {
  std::vector<Place*> failed;
  for (Place& place : places_) {
    if (!place.write(line)) failed.push_back(&place);
  }
  for (Place* place : failed) {
    if (!place->complain()) continue;
    const std::uint64_t lost = place->take_lost();
    report(*place, {line.time,
                    LogLevel::error,
                    safe("cannot write the log: " + place->why()) + " (" + std::to_string(lost) +
                        (lost == 1 ? " line" : " lines") + " lost)",
                    {}});
  }
}

void Places::report(const Place& failed, const Line& complaint) {
  bool told = false;
  for (Place& place : places_) {
    if (&place != &failed && place.write(complaint)) told = true;
  }
  if (!told) std::fputs((console_line(complaint).text + "\n").c_str(), stderr);
}

}  // namespace snapshotter::telemetry
