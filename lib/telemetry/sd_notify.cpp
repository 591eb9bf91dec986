#include "telemetry/sd_notify.hpp"

#include "base/text.hpp"

#include <systemd/sd-daemon.h>

#include <ctime>
#include <string>

namespace snapshotter::telemetry {
namespace {

void notify(const std::string& state) { (void)::sd_notify(0, state.c_str()); }

// A newline in a status would begin another assignment.
std::string status_line(std::string_view text) { return "STATUS=" + printable(text); }

std::uint64_t monotonic_micros() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec) / 1000U;
}

}  // namespace

void ServiceManager::ready(std::string_view status) const {
  notify("READY=1\n" + status_line(status));
}

void ServiceManager::status(std::string_view text) const { notify(status_line(text)); }

void ServiceManager::reloading() const {
  notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_micros()));
}

void ServiceManager::stopping() const { notify("STOPPING=1"); }

void ServiceManager::watchdog() const { notify("WATCHDOG=1"); }

std::optional<Duration> ServiceManager::watchdog_interval() const {
  std::uint64_t timeout = 0;
  if (::sd_watchdog_enabled(0, &timeout) <= 0) return std::nullopt;
  return Duration{static_cast<Duration::rep>(timeout / 2)};
}

}  // namespace snapshotter::telemetry
