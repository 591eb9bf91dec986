// What the micro-benchmarks work on, the same on every machine and in every run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace snapshotter::bench {

// Kinds of content, from the best to compress to the worst: lines of a web server's log; rows of a
// database's dump; bytes that no compressor makes smaller.
enum class Content : std::int64_t { log, rows, random };
[[nodiscard]] const char* name(Content content);
[[nodiscard]] std::string make(Content content, std::size_t bytes);

// A configuration in YAML, as people write it, of so many jobs over one target and one store, each
// with a schedule and a retention policy.
[[nodiscard]] std::string configuration(std::int64_t jobs, const std::string& folder);

}  // namespace snapshotter::bench
