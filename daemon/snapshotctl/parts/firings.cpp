#include "snapshotctl/parts/firings.hpp"

#include "base/error.hpp"
#include "snapshotctl/parts/json.hpp"
#include "snapshotctl/parts/table.hpp"
#include "snapshotctl/parts/times.hpp"

#include <algorithm>

namespace snapshotter::ctl {
namespace {

schedule::TimeZone zone_of(const std::string& job, const std::string& name) {
  if (auto zone = schedule::TimeZone::load(name)) return *zone;
  throw Error({"show the firings of job", job, "this machine does not know time zone " + name,
               "install tzdata"});
}

}  // namespace

std::vector<JobFiring> firings_of(const schedule::CronExpression& expression,
                                  const schedule::TimeZone& zone, Time from, std::size_t count,
                                  schedule::DstPolicy dst, const std::string& job) {
  const auto after = std::chrono::ceil<std::chrono::seconds>(from) - std::chrono::seconds(1);
  std::vector<JobFiring> list;
  for (auto& firing : schedule::upcoming(expression, zone, after, count, dst)) {
    list.push_back({job, std::move(firing), zone});
  }
  return list;
}

std::vector<JobFiring> firings_of_jobs(std::string_view jobs, Time from, std::size_t count) {
  std::vector<JobFiring> all;
  const auto document = json::parse(jobs);
  for (const auto& value : document.as_array()) {
    const auto& job = value.as_object();
    const auto schedule = text(job, "schedule");
    if (schedule.empty()) continue;
    const auto dst =
        text(job, "dst") == "strict" ? schedule::DstPolicy::strict : schedule::DstPolicy::cron;
    const auto name = text(job, "name");
    const auto some = firings_of(schedule::CronExpression::parse(schedule),
                                 zone_of(name, text(job, "timezone")), from, count, dst, name);
    all.insert(all.end(), some.begin(), some.end());
  }
  std::ranges::stable_sort(all, {}, [](const JobFiring& each) { return each.firing.time; });
  if (all.size() > count) all.erase(all.begin() + static_cast<std::ptrdiff_t>(count), all.end());
  return all;
}

std::string firings_to_json(const std::vector<JobFiring>& firings, bool with_job) {
  json::array list;
  for (const auto& each : firings) {
    json::object object;
    if (with_job) object["job"] = each.job;
    object["local"] = schedule::to_rfc3339(each.firing.time, each.zone);
    object["utc"] = to_rfc3339(each.firing.time);
    object["note"] = each.firing.note;
    list.push_back(std::move(object));
  }
  return json::serialize(list);
}

std::string render_firings(const std::vector<JobFiring>& firings, const View& view) {
  Table table({{"JOB"}, {"TIME"}, {"ZONE"}, {"FROM NOW"}, {"NOTE", false, true}});
  for (const auto& each : firings) {
    const auto time = schedule::to_rfc3339(each.firing.time, each.zone);
    table.add({each.job,
               time.substr(0, 10) + ' ' + time.substr(11, 8) + ' ' + time.substr(19),
               each.zone.name(),
               age(each.firing.time, view.now),
               {each.firing.note, Style::warning}});
  }
  return table.empty() ? "nothing is scheduled\n" : table.render(view);
}

}  // namespace snapshotter::ctl
