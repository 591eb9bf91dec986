// Blocks worked on in parallel and taken out in their order, with bounded memory: the heart of both
// the writer (compressing) and the reader (inflating).
//
// The blocks form a ring. The caller fills the head and submits it; workers take blocks oldest
// first; the caller takes results, oldest first, and the block is free again. Its buffers are
// reused, so in the steady state nothing is allocated.
//
// A caller that waits for a block nobody has taken yet works on it itself. So the pipeline always
// goes forward, even when every thread of the pool is busy – or is such a caller itself.
#pragma once

#include "archive/buffer.hpp"
#include "archive/codec.hpp"
#include "async/worker_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace snapshotter::archive {

struct Block {
  Buffer in;
  Buffer out;
  std::uint64_t offset = 0;  // reading: where the member begins in the archive
  MemberSize size;           // reading: what the index says of it
};

// One thread, except for the work itself.
class BlockPipeline {
 public:
  // Called by any thread, for several blocks at once; an exception comes out of oldest().
  using Work = std::function<void(Block&)>;

  BlockPipeline(async::WorkerPool& workers, Work work);
  // Drops blocks that nobody has taken and waits for those that are being worked on.
  ~BlockPipeline();
  BlockPipeline(const BlockPipeline&) = delete;
  BlockPipeline& operator=(const BlockPipeline&) = delete;

  [[nodiscard]] bool empty() const noexcept;
  [[nodiscard]] bool full() const noexcept;
  // The block to be filled next, with what its last use left in it. Not when full().
  [[nodiscard]] Block& head() noexcept;
  void submit();
  // Waits until the oldest submitted block is done. Not when empty().
  [[nodiscard]] Block& oldest();
  // Gives that block back.
  void release() noexcept;

 private:
  struct State;
  async::WorkerPool& workers_;
  std::shared_ptr<State> state_;
};

// Tools that cost much to make (a compressor's tables), lent to whichever thread needs one.
template <class Tool>
class Spares {
 public:
  explicit Spares(std::function<std::unique_ptr<Tool>()> make) : make_(std::move(make)) {}

  [[nodiscard]] std::unique_ptr<Tool> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!spares_.empty()) {
        auto tool = std::move(spares_.back());
        spares_.pop_back();
        return tool;
      }
    }
    return make_();
  }
  void give_back(std::unique_ptr<Tool> tool) {
    const std::lock_guard lock(mutex_);
    spares_.push_back(std::move(tool));
  }

 private:
  std::function<std::unique_ptr<Tool>()> make_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Tool>> spares_;
};

// The work of a reader's pipeline. Throws CorruptArchiveError with the member's offset.
void inflate(Block& block, Spares<Inflater>& inflaters);

}  // namespace snapshotter::archive
