#include "telemetry/line.hpp"

#include "base/text.hpp"

#include <sys/stat.h>
#include <syslog.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

namespace snapshotter::telemetry {
namespace {

constexpr std::array<std::pair<std::string_view, int>, 17> kFacilities{{
    {"auth", LOG_AUTH},
    {"authpriv", LOG_AUTHPRIV},
    {"cron", LOG_CRON},
    {"daemon", LOG_DAEMON},
    {"ftp", LOG_FTP},
    {"lpr", LOG_LPR},
    {"mail", LOG_MAIL},
    {"syslog", LOG_SYSLOG},
    {"user", LOG_USER},
    {"local0", LOG_LOCAL0},
    {"local1", LOG_LOCAL1},
    {"local2", LOG_LOCAL2},
    {"local3", LOG_LOCAL3},
    {"local4", LOG_LOCAL4},
    {"local5", LOG_LOCAL5},
    {"local6", LOG_LOCAL6},
    {"local7", LOG_LOCAL7},
}};

std::string_view cut(std::string_view text) {
  if (text.size() <= kMaxText) return text;
  std::size_t end = kMaxText;
  // Not in the middle of a UTF-8 character, which has at most three bytes behind its first.
  for (int i = 0; i < 3 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U; ++i) --end;
  return text.substr(0, end);
}

// "nightly/app-db", "nightly", or what there is.
std::string subject(const LogFields& fields) {
  const bool both = !fields.job.empty() && !fields.target.empty();
  return fields.job + (both ? "/" : "") + fields.target;
}

std::string local_time(Time time) {
  const std::time_t seconds =
      std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm local{};
  char text[32] = "";
  if (::localtime_r(&seconds, &local) == nullptr) return to_rfc3339(time);
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
  return {text, length};
}

}  // namespace

std::string safe(std::string_view text) {
  const std::string_view kept = cut(text);
  std::string line;
  line.reserve(kept.size());
  for (std::size_t begin = 0; begin <= kept.size();) {
    const std::size_t end = std::min(kept.find('\\', begin), kept.size());
    line += printable(kept.substr(begin, end - begin));
    if (end < kept.size()) line += '\\';
    begin = end + 1;
  }
  if (kept.size() < text.size()) line += "…";
  return line;
}

LogFields safe(const LogFields& fields) {
  return {safe(fields.job), safe(fields.run), safe(fields.target), safe(fields.message_id)};
}

LogFields merge(const LogFields& below, const LogFields& above) {
  const auto either = [](const std::string& low, const std::string& high) {
    return high.empty() ? low : high;
  };
  return {either(below.job, above.job), either(below.run, above.run),
          either(below.target, above.target), either(below.message_id, above.message_id)};
}

ConsoleLine console_line(const Line& line) {
  ConsoleLine result{local_time(line.time) + " ", 0, 0};
  result.level_begin = result.text.size();
  result.text += name(line.level);
  result.level_end = result.text.size();
  const std::string about = subject(line.fields);
  result.text += (about.empty() ? " " : " " + about + ": ") + line.text;
  return result;
}

std::string file_line(const Line& line) {
  std::string about = subject(line.fields);
  if (!line.fields.run.empty()) about += (about.empty() ? "" : " ") + line.fields.run;
  return to_rfc3339(line.time) + " " + std::string(name(line.level)) + " " +
         (about.empty() ? "" : about + ": ") + line.text;
}

std::string syslog_line(const Line& line) {
  const std::string about = subject(line.fields);
  return (about.empty() ? "" : about + ": ") + line.text;
}

std::vector<std::string> journal_fields(const Line& line) {
  std::vector<std::string> fields{"MESSAGE=" + line.text,
                                  "PRIORITY=" + std::to_string(syslog_priority(line.level)),
                                  "SYSLOG_IDENTIFIER=snapshotterd"};
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) fields.push_back(std::string(name) + "=" + value);
  };
  add("MESSAGE_ID", line.fields.message_id);
  add("SNAPSHOTTER_JOB", line.fields.job);
  add("SNAPSHOTTER_RUN", line.fields.run);
  add("SNAPSHOTTER_TARGET", line.fields.target);
  return fields;
}

int syslog_priority(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::error:
      return LOG_ERR;
    case LogLevel::warning:
      return LOG_WARNING;
    case LogLevel::info:
      return LOG_INFO;
    default:
      return LOG_DEBUG;
  }
}

int syslog_facility(std::string_view name) noexcept {
  for (const auto& [known, facility] : kFacilities) {
    if (known == name) return facility;
  }
  return LOG_DAEMON;
}

std::vector<std::string> syslog_facilities() {
  std::vector<std::string> names;
  names.reserve(kFacilities.size());
  for (const auto& [name, facility] : kFacilities) names.emplace_back(name);
  return names;
}

bool is_journal_stream(std::string_view journal_stream, int descriptor) {
  struct stat info {};
  return ::fstat(descriptor, &info) == 0 &&
         journal_stream == std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
}

}  // namespace snapshotter::telemetry
