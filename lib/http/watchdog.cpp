#include "http/watchdog.hpp"

#include "async/task_group.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace snapshotter::http {
namespace {

constexpr Duration kShortest = std::chrono::milliseconds{1};
constexpr Duration kLongest = std::chrono::years{10};

}  // namespace

struct Watchdog::State {
  State(boost::asio::any_io_executor loop, platform::Clock& its_clock, Duration its_limit,
        std::function<void()> its_bite)
      : clock(its_clock), limit(its_limit), bite(std::move(its_bite)), group(std::move(loop)) {}

  void give_up() {
    due.reset();
    bitten = true;
    if (bite) bite();
  }

  platform::Clock& clock;
  const Duration limit;
  std::function<void()> bite;
  std::optional<Steady> due;
  bool bitten = false;
  std::exception_ptr failure;
  async::TaskGroup group;
};

Watchdog::Watchdog(boost::asio::any_io_executor loop, platform::Clock& clock, Duration limit,
                   std::function<void()> bite)
    : state_(std::make_shared<State>(std::move(loop), clock,
                                     std::clamp<Duration>(limit, kShortest, kLongest),
                                     std::move(bite))) {
  // The task's end holds the state, and so the group: the group is never destroyed before.
  state_->group.spawn("http watchdog", watch(state_), [state = state_](std::exception_ptr error) {
    if (!state->bite) return;
    state->failure = std::move(error);
    state->give_up();
  });
}

Watchdog::~Watchdog() {
  state_->bite = {};
  state_->group.cancel_all();
}

// Between expectations it sleeps for one limit at a time, so none that begins meanwhile is due
// before it wakes.
Task<> Watchdog::watch(std::shared_ptr<State> state) {
  for (;;) {
    const auto now = state->clock.steady_now();
    if (state->due && *state->due <= now) state->give_up();
    co_await state->clock.sleep_for(state->due.value_or(now + state->limit) - now);
  }
}

void Watchdog::expect() {
  state_->bitten = false;
  state_->due = state_->clock.steady_now() + state_->limit;
}

void Watchdog::rest() noexcept { state_->due.reset(); }

bool Watchdog::bitten() const {
  if (state_->failure) std::rethrow_exception(state_->failure);
  return state_->bitten;
}

Duration Watchdog::limit() const noexcept { return state_->limit; }

}  // namespace snapshotter::http
