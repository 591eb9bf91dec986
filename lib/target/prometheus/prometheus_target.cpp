#include "target/prometheus/prometheus_target.hpp"

#include "base/error.hpp"
#include "target/prometheus/prometheus_backup.hpp"

#include <utility>

namespace snapshotter::target {
namespace {

class PrometheusTarget : public BackupTarget {
 public:
  explicit PrometheusTarget(PrometheusSettings settings)
      : settings_(std::move(settings)), folder_(settings_.data_dir) {}

  std::string type() const override { return "prometheus"; }
  std::string describe() const override {
    return "Prometheus at " + settings_.http.url.origin() + ", data in " + settings_.data_dir;
  }
  std::optional<std::uint64_t> estimate(std::stop_token stop) override {
    return folder_.estimate(stop);
  }
  Task<Report> backup(Context& context) override {
    prometheus::Backup backup(settings_, folder_, context);
    co_return co_await backup.run();
  }
  Task<> recover(Surroundings& surroundings) override {
    return prometheus::recover(folder_, surroundings);
  }

 private:
  const PrometheusSettings settings_;
  const prometheus::SnapshotsFolder folder_;
};

}  // namespace

std::shared_ptr<BackupTarget> make_prometheus_target(std::string /*name*/,
                                                     PrometheusSettings settings) {
  return std::make_shared<PrometheusTarget>(std::move(settings));
}

std::shared_ptr<BackupTarget> prometheus_target_from(const std::string& name,
                                                     settings::Section& section) {
  PrometheusSettings settings;
  settings.http = http::read_client_options(section);
  section.require("data_dir");
  settings.data_dir = section.path("data_dir").value_or("");
  settings.skip_head = section.boolean("skip_head").value_or(settings.skip_head);
  settings.timeout = section.duration("timeout").value_or(settings.timeout);
  if (settings.timeout <= Duration::zero()) section.problem("timeout", "must be more than 0");
  if (!settings.http.url.query.empty()) section.problem("url", "must have no query");
  if (!section.problems().empty()) return nullptr;
  return make_prometheus_target(name, std::move(settings));
}

}  // namespace snapshotter::target
