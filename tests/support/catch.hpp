// Catch2 under both of its layouts: version 2 (one header) and version 3 (a library).
// Tests write ContainsText("…") for "the string contains this".
#pragma once

#ifdef SNAPSHOTTER_CATCH2_V2
#include <catch2/catch.hpp>
#else
#include <catch2/catch_all.hpp>
#endif

#include <string>

namespace snapshotter::test {

inline auto ContainsText(const std::string& text) {  // NOLINT(readability-identifier-naming)
#ifdef SNAPSHOTTER_CATCH2_V2
  return Catch::Matchers::Contains(text);
#else
  return Catch::Matchers::ContainsSubstring(text);
#endif
}

}  // namespace snapshotter::test
