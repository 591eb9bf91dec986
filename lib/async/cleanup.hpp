// What a coroutine needs to know about being cancelled.
//
// A cancelled coroutine stays cancelled: the operation it waits for ends, and so does each
// awaitable of the library that it enters afterwards, with CancelledError. Cleaning up is therefore
// done under shielded():
//
//   std::exception_ptr failure;
//   try { co_await work(); } catch (...) { failure = std::current_exception(); }
//   co_await shielded(remove_snapshot());
//   if (failure) std::rethrow_exception(failure);
#pragma once

#include "async/task.hpp"

namespace snapshotter::async {

// Runs `task` to its end, whether or not the calling coroutine has been cancelled or is cancelled
// meanwhile. Throws what `task` throws. Put a deadline inside where `task` could take long.
[[nodiscard]] Task<> shielded(Task<> task);

// Throws CancelledError if the calling coroutine has been cancelled. Call it before each operation
// of Asio's own: unlike the library's awaitables, those don't see a cancel that came before they
// began.
[[nodiscard]] Task<> check_cancelled();

}  // namespace snapshotter::async
