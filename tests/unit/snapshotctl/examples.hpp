// What the tests of snapshotctl look through and at.
#pragma once

#include "base/time.hpp"
#include "snapshotctl/parts/view.hpp"
#include "support/catch.hpp"

#include <string_view>

namespace snapshotter::ctl::test {

inline Time at(std::string_view rfc3339) { return *parse_rfc3339(rfc3339); }

// Not a terminal, in UTC, at noon.
inline View plain_view() {
  View view;
  view.now = at("2026-11-24T12:00:00Z");
  return view;
}

inline View terminal(std::size_t width) {
  auto view = plain_view();
  view.width = width;
  return view;
}

}  // namespace snapshotter::ctl::test
