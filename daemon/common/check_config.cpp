#include "common/check_config.hpp"

#include "base/error.hpp"

#include <iostream>

namespace snapshotter::daemon {

config::Registries built_in_registries(platform::Files& files) {
  return {store::built_in_stores(files), target::built_in_targets(), notify::built_in_notifiers()};
}

int check_config(const std::string& path) {
  const auto files = platform::system_files();
  const auto config = config::load(path, built_in_registries(*files));
  for (const auto& warning : config.warnings) {
    std::cout << settings::to_string(warning.where) << ": warning: " << warning.message << '\n';
  }
  std::cout << path << ": good; " << config.jobs.size() << " jobs, " << config.targets.size()
            << " targets, " << config.stores.size() << " stores\n";
  return kExitGood;
}

}  // namespace snapshotter::daemon
