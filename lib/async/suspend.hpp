// Inside lib/async only: the one place where a coroutine is turned into a callback.
#pragma once

#include "async/task.hpp"

#include <exception>
#include <functional>

namespace snapshotter::async::detail {

// Resumes a suspended coroutine on its own executor, never inside the call; with an error, which is
// then thrown there, or without. Any thread. The first call counts. When the last copy dies without
// a call, the coroutine is destroyed.
using Resume = std::function<void(std::exception_ptr)>;

// Suspends the calling coroutine and hands its Resume to `start`. A cancel calls `on_cancel` (on
// the loop) and nothing else: whoever holds the Resume decides what becomes of it. Without
// `on_cancel` the wait can't be cancelled.
[[nodiscard]] Task<> suspend(std::function<void(Resume)> start,
                             std::function<void()> on_cancel = {});

}  // namespace snapshotter::async::detail
