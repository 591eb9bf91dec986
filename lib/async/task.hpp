// The coroutine type of the whole library.
//
// A rule for everyone who writes co_await: no closure that owns something and no aggregate that
// owns something is created inside a statement with co_await. GCC 12 destroys them twice (measured
// with 12.2; clang 14 does not). It concerns temporaries that are initialised member by member:
// closures with captures that have a destructor, and structs without constructors, such as
// Error::Parts.
//
//   co_await store.put(Options{name, 3});                    // broken: name is freed twice
//   const Options options{name, 3};                          // give it a name first
//   co_await store.put(options);                             // fine
//   co_await offload(pool, [&](std::stop_token) { … });      // fine: references own nothing
//   co_await f(std::string("x"), make_options());            // fine: constructors, results of
//   calls
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace snapshotter {

// A lazy coroutine that runs on the loop thread. Parameters by value; never a capturing lambda.
//
// Cancelling it (Asio's terminal cancellation) makes the operation it waits for end and throws
// CancelledError out of the library's own awaitables; blocking work handed to a pool is asked
// through its stop_token and awaited. See async/cleanup.hpp for what comes after that.
template <class T = void>
using Task = boost::asio::awaitable<T, boost::asio::any_io_executor>;

}  // namespace snapshotter
