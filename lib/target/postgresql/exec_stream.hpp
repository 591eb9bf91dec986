// What a program in a container writes, on its way from the engine to a worker.
#pragma once

#include "http/client.hpp"
#include "target/postgresql/client_tools.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace snapshotter::target::postgresql {

struct StreamEnd {
  static constexpr std::size_t kMessagesLimit = 16 * 1024;
  static constexpr std::size_t kOpeningLimit = 1024;

  std::string messages;  // the end of its standard error
  // Its output's beginning: where Docker puts the reason when it could not start the program.
  std::string opening;
  std::string engine_errors;  // the beginning of what the engine itself said within the stream
  bool whole = false;         // it ended where a frame ends; that alone says nothing of success
};

// Reads the stream to its end on the loop and gives the output to `output` on one worker, at most
// about 2 MiB ahead of it. Neither half outlives the call: when one fails, or on cancellation, the
// other is ended; a call of `output` under way is waited for.
//
// Throws what came first: HttpError or FrameError of the stream, what `output` threw,
// CancelledError. The pool needs a thread.
[[nodiscard]] Task<StreamEnd> take_stream(http::Exchange& exchange, const Output& output,
                                          Surroundings& surroundings);

}  // namespace snapshotter::target::postgresql
