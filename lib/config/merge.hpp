// One configuration out of a main file and its drop-ins.
#pragma once

#include "base/settings.hpp"

namespace snapshotter::config {

// Lays `over` upon `base`: mappings are joined key by key, anything else replaces what was there. A
// mapping stays when `over` has nothing for it: a section whose lines are all commented out
// changes nothing. Values keep the place where they were written.
void merge(settings::Node& base, settings::Node over);

}  // namespace snapshotter::config
