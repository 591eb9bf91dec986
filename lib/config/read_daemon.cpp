#include "config/sections.hpp"

#include <algorithm>

namespace snapshotter::config {
namespace {

using settings::Node;
using settings::Section;

constexpr std::uint32_t kMostRuns = 64;
constexpr std::uint32_t kMostWorkers = 256;
constexpr int kMostNice = 19;
constexpr std::uint32_t kMostLogFiles = 1000;

const std::vector<std::string> kLevels{"trace", "debug", "info", "warning", "error"};
// syslog(3)'s, without kern, which only the kernel may use.
const std::vector<std::string> kFacilities{"auth",   "authpriv", "cron",   "daemon", "ftp",
                                           "lpr",    "mail",     "news",   "syslog", "user",
                                           "uucp",   "local0",   "local1", "local2", "local3",
                                           "local4", "local5",   "local6", "local7"};

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("-0123456789") == std::string::npos;
}

// "auto" or a number; 0 stands for auto.
std::optional<std::uint32_t> read_workers(Section& section) {
  const Node* node = section.node("workers");
  const bool word = node != nullptr && node->kind == Node::Kind::scalar && !is_number(node->scalar);
  if (!word) return read_count(section, "workers", 1, kMostWorkers);
  if (node->scalar != "auto") {
    section.problem("workers", "must be auto or a number from 1 to " +
                                   std::to_string(kMostWorkers) + ", not " + shown(*node));
  }
  return 0;
}

std::optional<IoPriority> read_io_priority(Section& section) {
  const std::optional<std::string> text = section.text("io_priority");
  if (!text) return std::nullopt;
  const std::optional<IoPriority> priority = parse_io_priority(*text);
  if (!priority) {
    section.problem("io_priority",
                    "must be idle, best-effort, or best-effort:0 (first) to best-effort:7 (last), "
                    "not " +
                        shown(*section.node("io_priority")));
  }
  return priority;
}

std::optional<Switch> read_switch(Section& section, std::string_view key) {
  const std::optional<std::string> word = section.choice(key, {"auto", "true", "false"});
  if (!word) return std::nullopt;
  if (*word == "auto") return Switch::automatic;
  return *word == "true" ? Switch::on : Switch::off;
}

LoggingSettings::File read_log_file(Section section) {
  LoggingSettings::File file;
  section.require("path");
  file.path = section.path("path").value_or("");
  file.max_size = read_positive_size(section, "max_size").value_or(file.max_size);
  file.max_files = read_count(section, "max_files", 1, kMostLogFiles).value_or(file.max_files);
  section.finish();
  return file;
}

LoggingSettings::Syslog read_syslog(Section section) {
  LoggingSettings::Syslog syslog;
  syslog.enabled = section.boolean("enabled").value_or(syslog.enabled);
  syslog.facility = section.choice("facility", kFacilities).value_or(syslog.facility);
  section.finish();
  return syslog;
}

}  // namespace

DaemonSettings read_daemon(Section& root) {
  DaemonSettings daemon;
  const Node* node = root.node("daemon");
  if (node == nullptr) {
    daemon.timezone = schedule::TimeZone::system();
    return daemon;
  }
  Section section(*node, "daemon", root.problems());
  ZoneHints hints;
  std::optional<schedule::TimeZone> zone = read_zone(section, "timezone", hints);
  daemon.timezone = zone ? *std::move(zone) : schedule::TimeZone::system();
  daemon.max_concurrent_runs =
      read_count(section, "max_concurrent_runs", 1, kMostRuns).value_or(daemon.max_concurrent_runs);
  daemon.workers = read_workers(section).value_or(daemon.workers);
  Priority& priority = daemon.priority;
  if (const auto nice = section.integer("nice", 0, kMostNice)) {
    priority.nice = static_cast<int>(*nice);
  }
  priority.io = read_io_priority(section).value_or(priority.io);
  daemon.state_dir = section.path("state_dir").value_or(daemon.state_dir);
  daemon.history = read_positive_duration(section, "history").value_or(daemon.history);
  section.finish();
  return daemon;
}

LoggingSettings read_logging(Section& root) {
  LoggingSettings logging;
  const Node* node = root.node("logging");
  if (node == nullptr) return logging;
  Section section(*node, "logging", root.problems());
  logging.level = section.choice("level", kLevels).value_or(logging.level);
  logging.journal = read_switch(section, "journal").value_or(logging.journal);
  logging.console = read_switch(section, "console").value_or(logging.console);
  const Node* file = section.node("file");
  if (file != nullptr && file->kind != Node::Kind::null) {
    if (auto mapping = section.section("file")) logging.file = read_log_file(*std::move(mapping));
  }
  if (auto mapping = section.section("syslog")) logging.syslog = read_syslog(*std::move(mapping));
  section.finish();
  return logging;
}

}  // namespace snapshotter::config
