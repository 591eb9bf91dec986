// Inside lib/bus only: getting onto the bus, and failing to with advice.
#pragma once

#include "bus/sdbus_compat.hpp"
#include "bus/service.hpp"

#include <memory>

namespace snapshotter::bus {

inline constexpr const char* kName = "org.snapshotter1";

// Blocking, but a bus that runs answers at once. Both throw CannotStartError.
[[nodiscard]] std::unique_ptr<sdbus::IConnection> connect(Bus bus);
// Takes the name, or fails when another has it: there is no waiting for it and no taking away.
void take_name(sdbus::IConnection& connection, Bus bus);

}  // namespace snapshotter::bus
