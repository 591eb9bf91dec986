#include "bus/inhibitor.hpp"

#include <algorithm>
#include <string>

namespace snapshotter::bus {

Inhibitor::Inhibitor(sdbus::IConnection& connection, Bus bus, engine::Engine& engine,
                     std::function<void()> sent)
    : engine_(engine), sent_(std::move(sent)) {
  if (bus == Bus::system) {
    logind_ = sdbus::createProxy(connection, compat::ServiceName("org.freedesktop.login1"),
                                 sdbus::ObjectPath("/org/freedesktop/login1"));
  }
  engine_.add_listener(*this);
}

Inhibitor::~Inhibitor() { engine_.remove_listener(*this); }

void Inhibitor::run_changed(const engine::Run&) { update(); }
void Inhibitor::run_finished(const engine::Run&) { update(); }

bool Inhibitor::wanted() const {
  return std::ranges::any_of(engine_.runs_in_memory(), [](const auto& run) {
    using engine::Phase;
    return !run->finished() && (run->phase == Phase::finishing || run->phase == Phase::verifying ||
                                run->phase == Phase::committing);
  });
}

void Inhibitor::update() {
  if (!logind_ || wanted() == (lock_ != nullptr)) return;
  if (lock_) return lock_.reset();
  lock_ = std::make_shared<Lock>();
  try {
    ask_for(lock_);
  } catch (const sdbus::Error&) {
    // The connection is lost. The pump tells.
  }
}

// One lock for each: of both together logind asks polkit for a right that nobody has.
void Inhibitor::ask_for(const std::weak_ptr<Lock>& lock) {
  for (const char* what : {"shutdown", "sleep"}) {
    // An answer that comes when nobody waits for it any more gives the lock back at once.
    logind_->callMethodAsync("Inhibit")
        .onInterface("org.freedesktop.login1.Manager")
        .withArguments(std::string(what), std::string("snapshotterd"),
                       std::string("A backup is being finished"), std::string("delay"))
        .uponReplyInvoke([lock](compat::AsyncError error, const sdbus::UnixFd& descriptor) {
          const auto held = lock.lock();
          if (!error && held) held->descriptors.push_back(descriptor);
        });
  }
  sent_();
}

}  // namespace snapshotter::bus
