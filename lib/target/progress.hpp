// How far a run is: written by workers, read by the loop.
#pragma once

#include <atomic>
#include <cstdint>

namespace snapshotter::target {

// Any thread; each value on its own is right, together they are a snapshot good enough to show.
struct Progress {
  std::atomic<std::uint64_t> bytes_read{0};   // content, from the source
  std::atomic<std::uint64_t> bytes_total{0};  // estimate of what bytes_read will reach; 0: unknown
  std::atomic<std::uint64_t> bytes_written{0};  // compressed, to the store
  std::atomic<std::uint64_t> entries{0};
};

}  // namespace snapshotter::target
