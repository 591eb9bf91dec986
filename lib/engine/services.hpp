// What the engine is given by whoever builds it: the seams, the pools, the loop.
#pragma once

#include "async/task.hpp"
#include "async/worker_pool.hpp"
#include "engine/bandwidths.hpp"
#include "engine/run_log.hpp"
#include "platform/clock.hpp"
#include "platform/files.hpp"
#include "platform/random.hpp"
#include "telemetry/log.hpp"

#include <string>

namespace snapshotter::engine {

// Threads of the blocking pool beyond one for each concurrent run: for what people ask meanwhile.
inline constexpr std::size_t kSpareThreads = 2;

// All of it outlives the engine.
struct Services {
  boost::asio::any_io_executor loop;
  platform::Clock& clock;
  platform::Random& random;
  platform::Files& files;
  async::WorkerPool& cpu;  // compression, inflation: one thread per worker of the configuration
  async::WorkerPool&
      blocking;  // walks, stores, verification: at least one thread per concurrent run
  async::WorkerPool& catalog;  // one thread: SQLite is never behind a busy worker
  telemetry::Logger log;
  Bandwidths& bandwidths;  // set by the engine, from each configuration
  RunLog& run_log;         // fed by the log: lines of runs, for the catalog
  std::string host;        // for manifests and events
  std::string machine_id;  // for jitter
};

}  // namespace snapshotter::engine
