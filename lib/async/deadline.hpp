// Ending work that takes too long. Boost 1.81 has no cancel_after: this is the
// project's one helper.
#pragma once

#include "async/task.hpp"
#include "base/error.hpp"

namespace snapshotter::async {

// Runs `work`; when `expiry` (usually clock.sleep_for(…)) returns first, cancels `work`, waits for
// it to end and throws TimeoutError with these parts, whatever error `work` ended with; but work
// that ends well all the same has won. When `work` ends first, `expiry` is cancelled and an error
// of `work` propagates. An error of `expiry` cancels `work` and propagates.
//
// Cancelling the whole cancels both, and `work` decides how it ends. The two run on the loop,
// neither outlives this call, however long `work` takes to clean up.
//
// Name the parts before the statement that awaits (async/task.hpp says why).
[[nodiscard]] Task<> with_deadline(Task<> work, Task<> expiry, Error::Parts on_timeout);

}  // namespace snapshotter::async
