#include "async/offload.hpp"

#include "async/cleanup.hpp"
#include "async/suspend.hpp"
#include "base/error.hpp"

#include <utility>

namespace snapshotter::async::detail {

Task<> run_on(WorkerPool& pool, std::function<void(std::stop_token)> work) {
  co_await check_cancelled();
  std::stop_source stop;
  const auto start = [&](Resume resume) {
    pool.post(
        [work = std::move(work), token = stop.get_token(), resume = std::move(resume)]() mutable {
          std::exception_ptr error;
          try {
            work(std::move(token));
          } catch (...) {
            error = std::current_exception();
          }
          // What the function refers to may die as soon as the coroutine goes on.
          work = {};
          resume(std::move(error));
        });
  };
  const auto on_cancel = [stop]() mutable { stop.request_stop(); };
  try {
    co_await suspend(start, on_cancel);
  } catch (const CancelledError&) {
    throw;
  } catch (...) {
    if (stop.stop_requested()) throw CancelledError();
    throw;
  }
}

}  // namespace snapshotter::async::detail
