#include "config/sections.hpp"

#include <array>
#include <set>

namespace snapshotter::config {
namespace {

using settings::Node;
using settings::Section;

constexpr std::uint32_t kMostAttempts = 100;
constexpr Duration kLongestBackoff = std::chrono::hours{1};
constexpr std::int64_t kMostKept = 1'000'000;

std::optional<schedule::CronExpression> read_schedule(Section& section) {
  const std::optional<std::string> text = section.text("schedule");
  if (!text) return std::nullopt;
  try {
    return schedule::CronExpression::parse(*text);
  } catch (const ScheduleError& error) {
    const Node& node = *section.node("schedule");
    std::string problem = section.what() + ": bad schedule " + shown(node);
    // The reason quotes the text.
    if (!node.interpolated) {
      problem += ": " + error.why();
      if (!error.advice().empty()) problem += " (" + error.advice() + ")";
    }
    section.problems().add(node.where, problem);
    return std::nullopt;
  }
}

Retry read_retry(Section section) {
  Retry retry;
  retry.attempts = read_count(section, "attempts", 1, kMostAttempts).value_or(retry.attempts);
  retry.backoff = section.duration("backoff").value_or(retry.backoff);
  if (retry.backoff > kLongestBackoff) {
    section.problem("backoff", "must be at most " + to_string(kLongestBackoff));
  }
  section.finish();
  return retry;
}

retention::Policy read_retention(Section section) {
  using retention::Policy;
  struct Rule {
    std::string_view key;
    std::optional<std::int64_t> Policy::*value;
  };
  static constexpr std::array<Rule, 7> kRules{{{"days", &Policy::days},
                                               {"keep_last", &Policy::keep_last},
                                               {"hourly", &Policy::hourly},
                                               {"daily", &Policy::daily},
                                               {"weekly", &Policy::weekly},
                                               {"monthly", &Policy::monthly},
                                               {"yearly", &Policy::yearly}}};
  Policy policy;
  for (const Rule& rule : kRules) policy.*rule.value = section.integer(rule.key, 1, kMostKept);
  policy.max_size = read_positive_size(section, "max_size");
  section.finish();
  return policy;
}

// A list of names that are declared elsewhere in the configuration, each at most once.
std::vector<std::string> read_references(Section& section, std::string_view key,
                                         const Names& names) {
  // For its reports of what is no text.
  (void)section.texts(key);
  std::vector<std::string> result;
  std::set<std::string_view> seen;
  for (const Node* node : scalars(section.node(key))) {
    if (!seen.insert(node->scalar).second) {
      section.problems().add(node->where, section.what() + ": '" + std::string(key) + "' lists " +
                                              shown(*node) + " twice");
    } else if (!names.contains(node->scalar)) {
      section.problems().add(node->where, section.what() + ": " + names.missing(*node));
    } else {
      result.push_back(node->scalar);
    }
  }
  return result;
}

std::vector<std::string> read_job_targets(Section& section, const Names& targets) {
  std::vector<std::string> result = read_references(section, "targets", targets);
  const Node* node = section.node("targets");
  const bool nothing = node == nullptr || node->kind == Node::Kind::null ||
                       (node->kind == Node::Kind::sequence && node->items.empty());
  if (nothing) complain(section, "has no targets; list at least one: targets: [name]");
  return result;
}

std::string read_job_store(Section& section, const Names& stores) {
  const Node* node = section.node("store");
  if (node != nullptr && node->kind != Node::Kind::null) {
    const std::optional<std::string> name = section.text("store");
    if (name && !stores.contains(*name)) {
      section.problems().add(node->where, section.what() + ": " + stores.missing(*node));
    }
    return name.value_or("");
  }
  if (stores.all().size() == 1) return stores.all().front();
  complain(section, stores.all().empty()
                        ? "has no store to keep backups in; describe one under 'stores'"
                        : "needs 'store', because there is more than one");
  return {};
}

JobSpec read_job(const std::string& name, Section& section, const Declared& declared,
                 const schedule::TimeZone& default_zone, ZoneHints& hints) {
  JobSpec job;
  job.name = name;
  job.schedule = read_schedule(section);
  job.timezone = read_zone(section, "timezone", hints).value_or(default_zone);
  if (section.choice("dst", {"cron", "strict"}) == "strict") {
    job.dst = schedule::DstPolicy::strict;
  }
  job.catch_up = section.boolean("catch_up").value_or(job.catch_up);
  job.jitter = section.duration("jitter").value_or(job.jitter);
  if (section.choice("overlap", {"skip", "queue"}) == "queue") job.overlap = Overlap::queue;
  job.timeout = read_positive_duration(section, "timeout");
  job.overdue_after = read_positive_duration(section, "overdue_after");
  if (auto retry = section.section("retry")) job.retry = read_retry(*std::move(retry));
  job.targets = read_job_targets(section, declared.targets);
  job.store = read_job_store(section, declared.stores);
  if (auto rules = section.section("retention")) job.retention = read_retention(*std::move(rules));
  job.notify = read_references(section, "notify", declared.notifiers);
  section.finish();
  return job;
}

void warn_of(const JobSpec& job, Section& section, std::vector<settings::Problem>& warnings) {
  if (!job.schedule) {
    warnings.push_back(
        {section.where(), section.what() + " has no schedule; it runs only when started by hand"});
  }
  if (job.retention.keeps_everything()) {
    warnings.push_back({section.where(), section.what() +
                                             " has no retention; it keeps every backup until its "
                                             "store is full"});
  }
}

}  // namespace

std::map<std::string, JobSpec> read_jobs(Section& root, const Declared& declared,
                                         const schedule::TimeZone& default_zone,
                                         std::vector<settings::Problem>& warnings) {
  std::map<std::string, JobSpec> jobs;
  ZoneHints hints;
  for (auto& [name, section] : read_named(root, "jobs", "job")) {
    JobSpec job = read_job(name, section, declared, default_zone, hints);
    warn_of(job, section, warnings);
    jobs.emplace(name, std::move(job));
  }
  return jobs;
}

}  // namespace snapshotter::config
