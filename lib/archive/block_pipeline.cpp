#include "archive/block_pipeline.hpp"

#include "archive/stored_bytes.hpp"

#include <condition_variable>

namespace snapshotter::archive {

// Shared with the functions posted to the pool: one may run after the pipeline is gone, and then
// finds nothing to do. The three counters only grow: released_ ≤ claimed ≤ submitted.
struct BlockPipeline::State {
  struct Slot {
    Block block;
    bool done = false;
    std::exception_ptr error;
  };

  State(std::size_t slots, Work work_on) : ring(slots), work(std::move(work_on)) {}

  Slot& slot(std::uint64_t number) { return ring[number % ring.size()]; }

  // Works on the oldest block that nobody has taken; none: returns.
  void run_one() {
    std::unique_lock lock(mutex);
    if (closed || claimed == submitted) return;
    Slot& mine = slot(claimed++);
    ++running;
    lock.unlock();
    std::exception_ptr error;
    try {
      work(mine.block);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    mine.done = true;
    mine.error = std::move(error);
    --running;
    changed.notify_all();
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Slot> ring;
  std::uint64_t submitted = 0;
  std::uint64_t claimed = 0;
  std::uint64_t released = 0;
  std::size_t running = 0;
  bool closed = false;
  Work work;
};

// One block for each worker, one that is being filled and one being taken out: nobody waits for a
// block as long as filling and taking out are faster than the work.
BlockPipeline::BlockPipeline(async::WorkerPool& workers, Work work)
    : workers_(workers), state_(std::make_shared<State>(workers.size() + 2, std::move(work))) {}

BlockPipeline::~BlockPipeline() {
  std::unique_lock lock(state_->mutex);
  state_->closed = true;
  state_->changed.wait(lock, [this] { return state_->running == 0; });
  state_->ring.clear();
}

// Only the caller's thread moves these two counters, so it reads them without the lock.
bool BlockPipeline::empty() const noexcept { return state_->submitted == state_->released; }

bool BlockPipeline::full() const noexcept {
  return state_->submitted - state_->released == state_->ring.size();
}

Block& BlockPipeline::head() noexcept { return state_->slot(state_->submitted).block; }

void BlockPipeline::submit() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->slot(state_->submitted).done = false;
    ++state_->submitted;
  }
  workers_.post([state = state_] { state->run_one(); });
}

Block& BlockPipeline::oldest() {
  std::unique_lock lock(state_->mutex);
  if (state_->claimed == state_->released) {
    lock.unlock();
    state_->run_one();
    lock.lock();
  }
  State::Slot& slot = state_->slot(state_->released);
  state_->changed.wait(lock, [&] { return slot.done; });
  if (slot.error) std::rethrow_exception(std::exchange(slot.error, nullptr));
  return slot.block;
}

void BlockPipeline::release() noexcept {
  const std::lock_guard lock(state_->mutex);
  ++state_->released;
}

void inflate(Block& block, Spares<Inflater>& inflaters) {
  block.out.resize(block.size.inflated);
  auto inflater = inflaters.take();
  const auto problem = inflater->inflate(block.in, block.out);
  inflaters.give_back(std::move(inflater));
  if (!problem.empty()) throw_corrupt(block.offset, std::string(problem));
}

}  // namespace snapshotter::archive
