#include "archive/block_pipeline.hpp"

#include "archive_support.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace snapshotter::archive::test {
namespace {

void submit(BlockPipeline& pipeline, std::uint64_t number) {
  pipeline.head().offset = number;
  pipeline.submit();
}

std::uint64_t take(BlockPipeline& pipeline) {
  const std::uint64_t result = pipeline.oldest().offset;
  pipeline.release();
  return result;
}

}  // namespace

TEST_CASE("blocks come out in their order whoever works on them") {
  for (const std::size_t workers : {0U, 1U, 2U, 7U}) {
    async::WorkerPool pool("test", workers);
    BlockPipeline pipeline(pool, [](Block& block) { block.offset *= 3; });
    std::uint64_t next = 0;
    for (std::uint64_t number = 0; number < 1000; ++number) {
      if (pipeline.full()) CHECK(take(pipeline) == 3 * next++);
      submit(pipeline, number);
    }
    while (!pipeline.empty()) CHECK(take(pipeline) == 3 * next++);
    CHECK(next == 1000);
  }
}

TEST_CASE("the pipeline holds two blocks more than there are workers") {
  async::WorkerPool pool("test", 3);
  BlockPipeline pipeline(pool, [](Block& /*block*/) {});
  CHECK(pipeline.empty());
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(pipeline.full());
    submit(pipeline, 0);
  }
  CHECK(pipeline.full());
}

TEST_CASE("buffers are used again") {
  async::WorkerPool pool("test", 1);
  BlockPipeline pipeline(pool, [](Block& /*block*/) {});
  std::map<const void*, int> addresses;
  for (int i = 0; i < 30; ++i) {
    pipeline.head().in.resize(100'000);
    ++addresses[pipeline.head().in.data()];
    submit(pipeline, 0);
    take(pipeline);
  }
  CHECK(addresses.size() == 3);
}

TEST_CASE("an error comes out at its block") {
  for (const std::size_t workers : {0U, 2U}) {
    async::WorkerPool pool("test", workers);
    BlockPipeline pipeline(pool, [](Block& block) {
      if (block.offset == 1) throw CompressionError({"test", "", "block 1"});
    });
    submit(pipeline, 0);
    submit(pipeline, 1);
    CHECK(take(pipeline) == 0);
    CHECK_THROWS_AS(take(pipeline), CompressionError);
  }
}

TEST_CASE("a busy pool does not stop the pipeline") {
  async::WorkerPool pool("test", 1);
  std::mutex mutex;
  std::condition_variable changed;
  bool free = false;
  pool.post([&] {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return free; });
  });
  {
    BlockPipeline pipeline(pool, [](Block& block) { block.offset += 10; });
    submit(pipeline, 1);
    submit(pipeline, 2);
    CHECK(take(pipeline) == 11);
    submit(pipeline, 3);
    CHECK(take(pipeline) == 12);
    // Block 3 is dropped: what was posted for it runs when the pipeline is gone.
  }
  const std::lock_guard lock(mutex);
  free = true;
  changed.notify_one();
}

TEST_CASE("the end of the pipeline waits for blocks that are worked on") {
  async::WorkerPool pool("test", 1);
  std::mutex mutex;
  std::condition_variable changed;
  bool started = false;
  std::atomic<bool> finished = false;
  {
    BlockPipeline pipeline(pool, [&](Block& /*block*/) {
      {
        const std::lock_guard lock(mutex);
        started = true;
        changed.notify_one();
      }
      for (int i = 0; i < 1000; ++i) std::this_thread::yield();
      finished = true;
    });
    submit(pipeline, 1);
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return started; });
  }
  CHECK(finished);
}

TEST_CASE("tools are lent and given back") {
  int made = 0;
  Spares<int> spares([&] { return std::make_unique<int>(++made); });
  auto first = spares.take();
  auto second = spares.take();
  CHECK(*second == 2);
  spares.give_back(std::move(first));
  CHECK(*spares.take() == 1);
  CHECK(made == 2);
}

}  // namespace snapshotter::archive::test
