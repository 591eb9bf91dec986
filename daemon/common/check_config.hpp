// What both programs know of configurations: the types of this build, and --check-config.
#pragma once

#include "config/load.hpp"
#include "platform/files.hpp"

#include <string>

namespace snapshotter::daemon {

// What `type:` can name in this build. `files` outlives what is made from it.
[[nodiscard]] config::Registries built_in_registries(platform::Files& files);

// Prints warnings and one line that it is good. Returns the exit code. Throws ConfigError with
// every problem, a line each.
int check_config(const std::string& path);

}  // namespace snapshotter::daemon
