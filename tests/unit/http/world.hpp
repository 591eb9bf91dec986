// A loop with a clock that stands still, and ways to run a client in it.
#pragma once

#include "async/event.hpp"
#include "async/loop.hpp"
#include "async/task_group.hpp"
#include "base/error.hpp"
#include "http/client.hpp"
#include "support/catch.hpp"
#include "support/fake/manual_clock.hpp"
#include "support/scripted_server.hpp"

#include <optional>
#include <string>
#include <utility>

namespace snapshotter::test {

// What became of an attempt.
struct Attempt {
  std::optional<http::Response> response;
  std::optional<http::HttpError> error;
  bool cancelled = false;
  bool refused = false;  // RequestError
  std::string why;       // all of what() of any error
  bool ended = false;
};

struct World {
  async::Loop loop;
  ManualClock clock{loop.executor()};
  async::TaskGroup tasks{loop.executor()};

  // Runs the test's coroutine.
  void run(Task<> test) { loop.run(to_the_end(std::move(test))); }

  // Asks in the background; the attempt must live as long.
  async::TaskGroup::Id start(Attempt& attempt, Task<http::Response> asking) {
    return tasks.spawn("client", keep(attempt, std::move(asking)),
                       [&attempt](std::exception_ptr error) { record(attempt, std::move(error)); });
  }
  Task<Attempt> attempt(Task<http::Response> asking) {
    Attempt result;
    start(result, std::move(asking));
    co_await tasks.join();
    co_return result;
  }

 private:
  static Task<int> to_the_end(Task<> test) {
    co_await std::move(test);
    co_return 0;
  }
  static Task<> keep(Attempt& attempt, Task<http::Response> asking) {
    attempt.response = co_await std::move(asking);
  }
  static void record(Attempt& attempt, std::exception_ptr error) {
    attempt.ended = true;
    try {
      if (error) std::rethrow_exception(error);
    } catch (const CancelledError& cancelled) {
      attempt.cancelled = true;
      attempt.why = cancelled.what();
    } catch (const http::HttpError& failed) {
      attempt.error = failed;
      attempt.why = failed.what();
    } catch (const RequestError& refused) {
      attempt.refused = true;
      attempt.why = refused.what();
    } catch (const std::exception& other) {
      attempt.why = std::string("unexpected: ") + other.what();
    }
  }
};

inline std::string body_of(const Attempt& attempt) {
  return attempt.response ? attempt.response->body : "no response: " + attempt.why;
}

inline std::optional<http::HttpError::Step> step_of(const Attempt& attempt) {
  return attempt.error ? std::optional(attempt.error->step()) : std::nullopt;
}

inline http::ClientOptions options_for(const http::Url& url) {
  http::ClientOptions options;
  options.url = url;
  return options;
}

inline http::Request get(std::string path = "/") {
  http::Request request;
  request.path = std::move(path);
  return request;
}

inline http::Request post(std::string body, std::string path = "/") {
  http::Request request;
  request.method = "POST";
  request.path = std::move(path);
  request.body = std::move(body);
  return request;
}

// Whole exchanges with stream() and upload().
inline Task<http::Response> streamed(http::Client& client, http::Request request,
                                     std::size_t piece = 65536) {
  auto exchange = co_await client.stream(std::move(request));
  auto response = co_await exchange->head();
  std::string into(piece, '\0');
  for (;;) {
    const auto bytes = co_await exchange->read(std::as_writable_bytes(std::span(into)));
    if (bytes == 0) break;
    response.body += into.substr(0, bytes);
  }
  co_return response;
}

}  // namespace snapshotter::test
