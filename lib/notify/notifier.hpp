// The contract of something that is told of events.
#pragma once

#include "base/registry.hpp"
#include "notify/event.hpp"

#include <string>

namespace snapshotter::notify {

class Notifier {
 public:
  virtual ~Notifier() = default;
  [[nodiscard]] virtual std::string describe() const = 0;  // no secrets
};

using NotifierRegistry = Registry<Notifier>;

}  // namespace snapshotter::notify
