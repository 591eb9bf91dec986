#include "target/filesystem/filesystem_target.hpp"
#include "target/target.hpp"

namespace snapshotter::target {

TargetRegistry built_in_targets() {
  TargetRegistry registry;
  registry.add("filesystem", filesystem_target_from);
  return registry;
}

}  // namespace snapshotter::target
