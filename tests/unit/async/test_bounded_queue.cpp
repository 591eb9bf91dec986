#include "async/bounded_queue.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

using namespace snapshotter::async;

TEST_CASE("a queue keeps the order and takes what can only be moved") {
  BoundedQueue<std::unique_ptr<int>> queue(3);
  const std::stop_token never;
  for (int i = 0; i < 3; ++i) CHECK(queue.push(std::make_unique<int>(i), never));
  auto fourth = std::make_unique<int>(3);
  CHECK_FALSE(queue.try_push(fourth));
  CHECK(fourth);
  for (int i = 0; i < 3; ++i) CHECK(*queue.pop(never).value() == i);
  CHECK(queue.try_push(fourth));
  CHECK_FALSE(fourth);
}

TEST_CASE("a closed queue gives what it holds and takes nothing") {
  BoundedQueue<int> queue(3);
  const std::stop_token never;
  CHECK(queue.push(1, never));
  queue.close();
  int two = 2;
  CHECK_FALSE(queue.push(2, never));
  CHECK_FALSE(queue.try_push(two));
  CHECK(queue.pop(never) == 1);
  CHECK_FALSE(queue.pop(never));
}

TEST_CASE("a stop ends waits on both sides") {
  BoundedQueue<int> empty(1);
  BoundedQueue<int> full(1);
  std::stop_source stop;
  CHECK(full.push(1, stop.get_token()));
  std::atomic<int> ended = 0;
  {
    std::vector<std::jthread> threads;
    threads.emplace_back([&] { ended += empty.pop(stop.get_token()) ? 0 : 1; });
    threads.emplace_back([&] { ended += full.push(2, stop.get_token()) ? 0 : 1; });
    stop.request_stop();
  }
  CHECK(ended == 2);
}

TEST_CASE("closing ends waits on both sides") {
  BoundedQueue<int> empty(1);
  BoundedQueue<int> full(1);
  const std::stop_token never;
  CHECK(full.push(1, never));
  std::atomic<int> ended = 0;
  {
    std::vector<std::jthread> threads;
    threads.emplace_back([&] { ended += empty.pop(never) ? 0 : 1; });
    threads.emplace_back([&] { ended += full.push(2, never) ? 0 : 1; });
    empty.close();
    full.close();
  }
  CHECK(ended == 2);
}

TEST_CASE("many producers and consumers lose and double nothing") {
  BoundedQueue<int> queue(4);
  const std::stop_token never;
  constexpr int kEach = 5000;
  std::atomic<long> sum = 0;
  {
    std::vector<std::jthread> consumers;
    for (int c = 0; c < 3; ++c) {
      consumers.emplace_back([&] {
        while (const auto item = queue.pop(never)) sum += *item;
      });
    }
    {
      std::vector<std::jthread> producers;
      for (int p = 0; p < 3; ++p) {
        producers.emplace_back([&] {
          for (int i = 1; i <= kEach; ++i) queue.push(i, never);
        });
      }
    }
    queue.close();
  }
  CHECK(sum == 3L * kEach * (kEach + 1) / 2);
}
