// Which machine this is, and since when it runs.
#pragma once

#include <string>

namespace snapshotter::platform {

// As gethostname(2) says it: may or may not hold a domain.
[[nodiscard]] std::string host_name();

// Differs between machines and stays the same across reboots: /etc/machine-id (32 hexadecimal
// digits), or the host name where there is none. machine-id(5) asks not to publish it: use it for
// hashing (the jitter of schedules), don't print it.
[[nodiscard]] std::string machine_id();

// A new one at each boot; empty where /proc is missing.
[[nodiscard]] std::string boot_id();

}  // namespace snapshotter::platform
