// What the daemon lends to a target that works.
#pragma once

#include "async/task.hpp"
#include "async/worker_pool.hpp"
#include "platform/clock.hpp"
#include "platform/random.hpp"

#include <map>
#include <string>

namespace snapshotter::target {

// What one target remembers beyond the daemon's death, to be able to put right what it left
// undone: the name of a snapshot, of a database session. A few short values by key.
//
// Loop thread. What put() and remove() did is durable when they return. They throw CatalogError; a
// target that can't remember what it is about to leave at the source does not begin.
class Memory {
 public:
  virtual ~Memory() = default;
  [[nodiscard]] virtual Task<std::map<std::string, std::string>> all() = 0;
  [[nodiscard]] virtual Task<> put(std::string key, std::string value) = 0;
  [[nodiscard]] virtual Task<> remove(std::string key) = 0;  // one that is not there is fine
};

// All of it outlives the call it is given to.
struct Surroundings {
  boost::asio::any_io_executor loop;
  async::WorkerPool& pool;  // for blocking work; one thread of it is this target's
  platform::Clock& clock;
  platform::Random& random;
  Memory& memory;
};

}  // namespace snapshotter::target
