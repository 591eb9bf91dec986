#include "engine/describe.hpp"

#include "base/version.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <chrono>

namespace snapshotter::engine {
namespace {

namespace json = boost::json;

json::value time_or_null(const std::optional<Time>& time) {
  if (!time || *time == Time{}) return nullptr;
  return json::string(to_rfc3339(*time));
}

json::value text_or_null(const std::string& text) {
  if (text.empty()) return nullptr;
  return json::string(text);
}

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

json::value duration_or_null(const std::optional<Time>& from, const std::optional<Time>& to) {
  if (!from || !to) return nullptr;
  return seconds(*to - *from);
}

json::array texts(const std::vector<std::string>& list) {
  return json::array(list.begin(), list.end());
}

json::object to_json(const catalog::TargetResult& result) {
  return {{"target", result.target},
          {"state", name(result.state)},
          {"error", text_or_null(result.error)},
          {"reasons", texts(result.reasons)},
          {"attempts", result.attempts},
          {"started_at", time_or_null(result.started)},
          {"finished_at", time_or_null(result.finished)},
          {"duration", duration_or_null(result.started, result.finished)},
          {"bytes_source", result.bytes_source},
          {"bytes_stored", result.bytes_stored},
          {"entries", result.entries},
          {"warnings", result.warnings},
          {"backup", text_or_null(result.backup)}};
}

json::object to_json(const catalog::RunRecord& run) {
  json::array results;
  std::uint64_t source = 0;
  std::uint64_t stored = 0;
  for (const auto& result : run.results) {
    results.push_back(to_json(result));
    source += result.bytes_source;
    stored += result.bytes_stored;
  }
  return {{"id", run.id},
          {"job", text_or_null(run.job)},
          {"kind", name(run.kind)},
          {"trigger", name(run.trigger)},
          {"state", name(run.state)},
          {"scheduled_for", time_or_null(run.scheduled)},
          {"queued_at", to_rfc3339(run.queued)},
          {"started_at", time_or_null(run.started)},
          {"finished_at", time_or_null(run.finished)},
          {"duration", duration_or_null(run.started, run.finished)},
          {"error", text_or_null(run.error)},
          {"bytes_source", source},
          {"bytes_stored", stored},
          {"results", std::move(results)}};
}

json::object to_json(const catalog::BackupRecord& backup) {
  json::value ratio = nullptr;
  if (backup.bytes_stored > 0) {
    ratio = static_cast<double>(backup.bytes_source) / static_cast<double>(backup.bytes_stored);
  }
  return {{"id", backup.id},
          {"job", backup.job},
          {"target", backup.target},
          {"store", backup.store},
          {"run", backup.run},
          {"state", backup.state},
          {"taken_at", to_rfc3339(backup.taken)},
          {"bytes_source", backup.bytes_source},
          {"bytes_stored", backup.bytes_stored},
          {"ratio", ratio},
          {"entries", backup.entries},
          {"warnings", backup.warnings},
          {"format", backup.format},
          {"sha256", backup.sha256},
          {"verified_at", time_or_null(backup.verified)},
          {"verify_error", text_or_null(backup.verify_error)},
          {"good", backup.good()}};
}

json::object to_json(const JobStatus& job) {
  const auto& spec = *job.spec;
  const auto& dst = spec.dst == schedule::DstPolicy::strict ? "strict" : "cron";
  json::value schedule = nullptr;
  if (spec.schedule) schedule = json::string(spec.schedule->text());
  json::value last_run = nullptr;
  if (job.last_run) last_run = to_json(*job.last_run);
  json::value last_good = nullptr;
  if (job.last_good) last_good = to_json(*job.last_good);
  return {{"name", spec.name},
          {"schedule", std::move(schedule)},
          {"timezone", spec.timezone.name()},
          {"dst", dst},
          {"targets", texts(spec.targets)},
          {"store", spec.store},
          {"next_at", time_or_null(job.next)},
          {"active", job.active},
          {"last_run", std::move(last_run)},
          {"last_good_backup", std::move(last_good)}};
}

json::object to_json(const NotifierStatus& notifier) {
  json::array events;
  for (const auto kind : notifier.events) events.emplace_back(notify::name(kind));
  const auto& deliveries = notifier.deliveries;
  return {{"name", notifier.name},
          {"type", notifier.type},
          {"where", notifier.where},
          {"events", std::move(events)},
          {"pending", deliveries.pending},
          {"oldest_pending_at", time_or_null(deliveries.oldest_pending)},
          {"next_attempt_at", time_or_null(deliveries.next_attempt)},
          {"last_answer", text_or_null(deliveries.last_answer)},
          {"last_delivered_at", time_or_null(deliveries.last_delivered)},
          {"given_up", deliveries.given_up},
          {"last_given_up_at", time_or_null(deliveries.last_given_up)},
          {"given_up_why", text_or_null(deliveries.given_up_why)}};
}

std::string_view name_of(notify::NotificationResult::Outcome outcome) {
  using Outcome = notify::NotificationResult::Outcome;
  if (outcome == Outcome::delivered) return "delivered";
  return outcome == Outcome::retry ? "retry" : "rejected";
}

json::object progress_of(const Run& run) {
  const auto totals = run.totals();
  json::value total = nullptr;
  if (totals.total > 0) total = totals.total;
  return {{"id", run.id()},
          {"job", text_or_null(run.record.job)},
          {"state", name(run.record.state)},
          {"phase", name(run.phase)},
          {"target", text_or_null(run.current)},
          {"started_at", time_or_null(run.record.started)},
          {"bytes_read", totals.read},
          {"bytes_written", totals.written},
          {"bytes_total", std::move(total)}};
}

std::string text(const json::value& value) { return json::serialize(value); }

}  // namespace

std::string describe_status(const Engine& engine, const std::vector<NotifierStatus>& notifiers) {
  json::array runs;
  for (const auto& run : engine.runs_in_memory()) {
    if (!run->finished()) runs.push_back(progress_of(*run));
  }
  auto jobs = engine.jobs();
  json::array failing;
  for (const auto& job : jobs) {
    if (job.last_run && job.last_run->state != catalog::RunState::succeeded) {
      failing.push_back(to_json(*job.last_run));
    }
  }
  std::erase_if(jobs, [](const JobStatus& job) { return !job.next; });
  std::ranges::sort(jobs, {}, [](const JobStatus& job) { return *job.next; });
  json::array next;
  constexpr std::size_t kMost = 5;
  for (std::size_t i = 0; i < std::min(jobs.size(), kMost); ++i) {
    next.push_back(json::object{{"job", jobs[i].spec->name}, {"at", time_or_null(jobs[i].next)}});
  }
  json::array notifications;
  for (const auto& notifier : notifiers) {
    const auto& deliveries = notifier.deliveries;
    if (deliveries.pending + deliveries.given_up > 0) notifications.push_back(to_json(notifier));
  }
  return text(json::object{{"version", version()},
                           {"jobs", engine.config().jobs.size()},
                           {"active_runs", std::move(runs)},
                           {"next", std::move(next)},
                           {"not_succeeded", std::move(failing)},
                           {"notifications", std::move(notifications)},
                           {"last_error", text_or_null(engine.last_error())}});
}

std::string describe_jobs(const std::vector<JobStatus>& jobs) {
  json::array all;
  for (const auto& job : jobs) all.push_back(to_json(job));
  return text(all);
}

std::string describe_job(const JobStatus& job) { return text(to_json(job)); }

std::string describe_runs(const std::vector<catalog::RunRecord>& runs) {
  json::array all;
  for (const auto& run : runs) all.push_back(to_json(run));
  return text(all);
}

std::string describe_run(const RunDetails& run, const Run* live) {
  auto object = to_json(run.record);
  json::array log;
  for (const auto& line : run.log) {
    log.push_back(json::object{{"time", to_rfc3339(line.time)},
                               {"level", line.level},
                               {"target", text_or_null(line.target)},
                               {"text", line.text}});
  }
  object["log"] = std::move(log);
  object["progress"] = nullptr;
  if (live != nullptr && !live->finished()) object["progress"] = progress_of(*live);
  return text(object);
}

std::string describe_progress(const Run& run) { return text(progress_of(run)); }

std::string describe_notifiers(const std::vector<NotifierStatus>& notifiers) {
  json::array all;
  for (const auto& notifier : notifiers) all.push_back(to_json(notifier));
  return text(all);
}

std::string describe_delivery(const std::string& notifier,
                              const notify::NotificationResult& result) {
  return text(json::object{
      {"notifier", notifier}, {"outcome", name_of(result.outcome)}, {"answer", result.answer}});
}

std::string describe_backups(const std::vector<BackupStatus>& backups) {
  json::array all;
  for (const auto& backup : backups) {
    auto object = to_json(backup.record);
    object["location"] = text_or_null(backup.location);
    object["kept_by"] = texts(backup.kept_by);
    all.push_back(std::move(object));
  }
  return text(all);
}

}  // namespace snapshotter::engine
