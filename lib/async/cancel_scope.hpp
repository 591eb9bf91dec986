// Cancelling pieces of a longer piece of work, without losing the right to clean up.
#pragma once

#include "async/task.hpp"

#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

namespace snapshotter::async {

// A coroutine that drives a run must survive its cancellation: it has records to write. So the
// driver itself is never cancelled; each piece that may be is run through a scope:
//
//   co_await scope.run(target.backup(context));   // throws CancelledError when cancel() came
//   co_await record(outcome);                     // not cancellable, always done
//
// Loop thread only, except token(). One piece at a time. cancel() is sticky: pieces started after
// it throw CancelledError at once.
class CancelScope {
 public:
  CancelScope();
  ~CancelScope();
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;

  [[nodiscard]] Task<> run(Task<> piece);
  template <class T>
  [[nodiscard]] Task<T> run(Task<T> piece) {
    std::optional<T> result;
    co_await run(keep(result, std::move(piece)));
    co_return std::move(*result);
  }
  void cancel();
  [[nodiscard]] bool cancelled() const noexcept;
  // Requested by cancel(); for plain functions on workers.
  [[nodiscard]] std::stop_token token() const noexcept;

 private:
  template <class T>
  static Task<> keep(std::optional<T>& result, Task<T> piece) {
    result.emplace(co_await std::move(piece));
  }

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace snapshotter::async
