#include "telemetry/log.hpp"

#include "telemetry/line.hpp"
#include "telemetry/writer.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

namespace snapshotter::telemetry {
namespace {

constexpr std::array<std::string_view, 5> kLevels{"trace", "debug", "info", "warning", "error"};

}  // namespace

std::string_view name(LogLevel level) { return kLevels.at(static_cast<std::size_t>(level)); }

std::optional<LogLevel> parse_log_level(std::string_view name) {
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels[i] == name) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

void Logger::log(LogLevel level, std::string_view text, const LogFields& fields) const noexcept {
  if (!enabled(level)) return;
  try {
    writer_->submit(level, text, bound_ ? merge(*bound_, fields) : fields);
  } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory; the line is lost
  }
}

void Logger::trace(std::string_view text, const LogFields& fields) const noexcept {
  log(LogLevel::trace, text, fields);
}

void Logger::debug(std::string_view text, const LogFields& fields) const noexcept {
  log(LogLevel::debug, text, fields);
}

void Logger::info(std::string_view text, const LogFields& fields) const noexcept {
  log(LogLevel::info, text, fields);
}

void Logger::warning(std::string_view text, const LogFields& fields) const noexcept {
  log(LogLevel::warning, text, fields);
}

void Logger::error(std::string_view text, const LogFields& fields) const noexcept {
  log(LogLevel::error, text, fields);
}

Logger Logger::with(const LogFields& fields) const {
  Logger logger(writer_);
  logger.bound_ = std::make_shared<LogFields>(bound_ ? merge(*bound_, fields) : fields);
  return logger;
}

bool Logger::enabled(LogLevel level) const noexcept {
  return writer_ != nullptr && writer_->enabled(level);
}

Logging::Logging(const LogSettings& settings, Now now)
    : writer_(std::make_shared<LogWriter>(settings, std::move(now))) {}

Logging::~Logging() { writer_->close(); }

Logger Logging::logger() const { return Logger(writer_); }

void Logging::reconfigure(const LogSettings& settings) { writer_->reconfigure(settings); }

void Logging::flush() { writer_->flush(); }

void Logging::set_observer(Observer observer) { writer_->set_observer(std::move(observer)); }

bool running_under_systemd() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  return stream != nullptr && is_journal_stream(stream, STDERR_FILENO);
}

}  // namespace snapshotter::telemetry
