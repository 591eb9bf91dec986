#include "notify/notifier.hpp"
#include "notify/webhook/webhook_notifier.hpp"

namespace snapshotter::notify {

NotifierRegistry built_in_notifiers() {
  NotifierRegistry registry;
  registry.add("webhook", webhook_from);
  return registry;
}

}  // namespace snapshotter::notify
