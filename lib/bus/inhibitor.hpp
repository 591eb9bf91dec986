// Inside lib/bus only: shutdown and sleep wait a moment for a backup that is nearly done.
#pragma once

#include "bus/sdbus_compat.hpp"
#include "bus/service.hpp"
#include "engine/engine.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace snapshotter::bus {

// While a run seals, reads back or commits a backup, it holds logind's delay locks for shutdown and
// for sleep (systemd-inhibit(1); logind waits InhibitDelayMaxSec= at most, 5 s unless configured).
// What does not make it in that time ends as any run that is interrupted: without a trace in the
// store, and made up for at the next start. Without logind nothing is delayed.
//
// System bus and loop thread only. All that is handed in outlives it.
class Inhibitor final : private engine::Listener {
 public:
  // `sent` is called after messages have been sent.
  Inhibitor(sdbus::IConnection& connection, Bus bus, engine::Engine& engine,
            std::function<void()> sent);
  ~Inhibitor() override;

 private:
  // Shared with the call that is under way.
  struct Lock {
    std::vector<sdbus::UnixFd> descriptors;  // closing them gives the locks back
  };
  void run_changed(const engine::Run& run) override;
  void run_finished(const engine::Run& run) override;
  void update();
  void ask_for(const std::weak_ptr<Lock>& lock);
  [[nodiscard]] bool wanted() const;

  engine::Engine& engine_;
  std::function<void()> sent_;
  std::unique_ptr<sdbus::IProxy> logind_;  // none on a session bus
  std::shared_ptr<Lock> lock_;             // held, or asked for
};

}  // namespace snapshotter::bus
