// Blocking work on a pool, awaited from the loop.
#pragma once

#include "async/task.hpp"
#include "async/worker_pool.hpp"

#include <exception>
#include <functional>
#include <optional>
#include <stop_token>
#include <type_traits>

namespace snapshotter::async {

namespace detail {
// Runs `work` on the pool and returns to the awaiting coroutine's executor when it has ended. On
// cancellation the stop_token is requested and the wait goes on until `work` has returned: nothing
// that the work refers to may die before it.
Task<> run_on(WorkerPool& pool, std::function<void(std::stop_token)> work);
}  // namespace detail

// co_await offload(pool, [](std::stop_token stop) { return hash(file, stop); })
//
// Returns what the function returns, rethrows what it throws. If the coroutine is cancelled while
// it waits, the function's stop_token is requested; offload still waits for the function, and then
// throws CancelledError unless the function finished with a result, which is returned: work that is
// done is not thrown away. So a function without a result that gives up at a stop must throw
// CancelledError itself, or it counts as done. If the coroutine was cancelled before, the function
// does not run at all.
//
// What `work` refers to must live until offload returns, which is a matter of course when it is
// awaited right there. The pool must be gone before the loop is.
template <class Work>
Task<std::invoke_result_t<Work&, std::stop_token>> offload(WorkerPool& pool, Work work) {
  static_assert(std::is_trivially_destructible_v<Work>,
                "capture by reference, or name the function and pass std::ref(it): GCC 12 destroys "
                "the captures of a temporary twice (async/task.hpp)");
  using Result = std::invoke_result_t<Work&, std::stop_token>;
  if constexpr (std::is_void_v<Result>) {
    co_await detail::run_on(pool, std::ref(work));
  } else {
    std::optional<Result> result;
    co_await detail::run_on(pool,
                            [&](std::stop_token stop) { result.emplace(work(std::move(stop))); });
    co_return std::move(*result);
  }
}

}  // namespace snapshotter::async
