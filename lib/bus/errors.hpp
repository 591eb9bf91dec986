// Inside lib/bus only: failures in the words of D-Bus.
#pragma once

#include "bus/sdbus_compat.hpp"

#include <cstddef>
#include <exception>

namespace snapshotter::bus {

// Longer messages are cut: a configuration can be wrong in many places.
inline constexpr std::size_t kMaxErrorText = 64UL << 10U;

// The error that a caller gets for `error`: traits(kind).dbus_name with what() as its message. What
// is no Error of ours is org.freedesktop.DBus.Error.Failed. Calls are cancelled only because the
// daemon goes, so CancelledError is ShuttingDown.
[[nodiscard]] sdbus::Error to_dbus_error(const std::exception_ptr& error);

}  // namespace snapshotter::bus
