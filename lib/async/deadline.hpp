// Ending work that takes too long. Boost 1.81 has no cancel_after; this is the project's one
// helper.
#pragma once

#include "async/task.hpp"
#include "base/error.hpp"

#include <optional>
#include <string>

namespace snapshotter::async {

// Runs `work`; when `expiry` (usually clock.sleep_for(…)) returns first, cancels `work`, waits for
// it to end and throws TimeoutError{doing, subject}. When `work` ends first, `expiry` is cancelled.
// Cancelling the whole cancels both. The two run on the loop, neither outlives this call.
[[nodiscard]] Task<> with_deadline(Task<> work, Task<> expiry, Error::Parts on_timeout);

}  // namespace snapshotter::async
