// What the daemon tells systemd of itself (sd_notify(3), Type=notify). Without $NOTIFY_SOCKET –
// started by hand – nothing happens. Any thread; never fails: systemd's own timeouts deal with
// messages that did not arrive.
#pragma once

#include "base/time.hpp"

#include <optional>
#include <string_view>

namespace snapshotter::telemetry {

class ServiceManager {
 public:
  // The start, or a reload, is over.
  void ready(std::string_view status) const;
  // The line that `systemctl status` shows.
  void status(std::string_view text) const;
  // A reload begins (Type=notify-reload); ready() ends it, also when the reload has failed.
  void reloading() const;
  void stopping() const;
  // A sign of life; to be given from the loop, so that a blocked loop is seen.
  void watchdog() const;
  // How often watchdog() is due: half of WatchdogSec=; nullopt: the unit sets none.
  [[nodiscard]] std::optional<Duration> watchdog_interval() const;
};

}  // namespace snapshotter::telemetry
