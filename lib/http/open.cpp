#include "http/open.hpp"

#include "async/deadline.hpp"
#include "http/failure.hpp"
#include "http/socket.hpp"

#include <utility>

namespace snapshotter::http {
namespace {

// What is under way, for the error of the deadline.
struct Progress {
  const char* waiting_for = "the address of its name";
  std::unique_ptr<Stream> stream;
};

Task<> open(const ClientOptions& options, platform::Clock& clock, Progress& progress) {
  const std::string origin = options.url.origin();
  const auto addresses = co_await resolve(options.url, origin);
  progress.waiting_for = "the connection";
  auto socket = co_await connect(addresses, origin, clock, options.connect_timeout);
  progress.stream = plain_stream(std::move(socket));
}

}  // namespace

Task<std::unique_ptr<Stream>> open_stream(const ClientOptions& options, platform::Clock& clock) {
  Progress progress;
  Error::Parts late{"connect to", options.url.origin(), "it took too long"};
  std::string waited_for;
  try {
    co_await async::with_deadline(open(options, clock, progress),
                                  clock.sleep_for(options.connect_timeout), late);
  } catch (const TimeoutError&) {
    waited_for = progress.waiting_for;
  }
  if (!waited_for.empty()) {
    throw failure(HttpError::Step::stalled, options.url.origin(),
                  waited_for + " took longer than " + to_string(options.connect_timeout),
                  "is a firewall in between?");
  }
  co_return std::move(progress.stream);
}

}  // namespace snapshotter::http
