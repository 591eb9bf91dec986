// Bytes from a coroutine on the loop to a function on a worker, a bounded amount at a time.
#pragma once

#include "async/task.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

namespace snapshotter::async {

// One coroutine writes, one function reads. Both sides must have ended before it is destroyed.
class BytePipe {
 public:
  // Holds about `capacity` bytes.
  BytePipe(boost::asio::any_io_executor loop, std::size_t capacity);
  ~BytePipe();
  BytePipe(const BytePipe&) = delete;
  BytePipe& operator=(const BytePipe&) = delete;

  // Loop. Waits while the pipe is too full for this piece; one that is larger than the pipe waits
  // for it to be empty. False: the reader has gone, nobody wants more. Throws CancelledError when
  // it would have to wait.
  [[nodiscard]] Task<bool> write(std::vector<std::byte> bytes);
  // Loop. The end: read() gives what is left and then nothing; or throws `failure`, before what is
  // left.
  void close(std::exception_ptr failure = {});

  // Worker, blocking. The next piece; empty: the end. Throws the writer's failure, CancelledError
  // at a stop.
  [[nodiscard]] std::vector<std::byte> read(const std::stop_token& stop);
  // Worker, always, also after an exception: the writer is not to wait for it any more.
  void leave();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace snapshotter::async
