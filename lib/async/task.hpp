// The coroutine type of the whole library.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace snapshotter {

// A lazy coroutine that runs on the loop thread. Parameters by value; never a capturing lambda.
// Cancelling it (Asio's terminal cancellation) makes the operation it waits for end and throws
// CancelledError out of the library's own awaitables; blocking work handed to a pool is asked
// through its stop_token and awaited.
template <class T = void>
using Task = boost::asio::awaitable<T, boost::asio::any_io_executor>;

}  // namespace snapshotter
