// Engines of other ages and kinds, and what is no engine at all.
#include "world.hpp"

#include <cerrno>

using namespace snapshotter;
using namespace snapshotter::test;
using namespace snapshotter::target::postgresql;

namespace {

Task<> expect_failure(World& world, std::string expected) {
  Call call(world);
  call.run({"pg_dumpall"});
  co_await call.finish();
  CHECK(call.threw<DatabaseBackupError>());
  CHECK_THAT(call.what(), ContainsText(expected));
  CHECK(world.memory.values.empty());
}

const ExecSubject kSubject{"run pg_dumpall in container", "db"};

Error::Parts silent(http::HttpError::Step step, int number, const std::string& engine) {
  Error::Parts parts{"connect", "somewhere", "the reason", "the advice"};
  parts.error_number = number;
  return engine_silent(kSubject, http::HttpError(step, std::move(parts)), engine);
}

}  // namespace

TEST_CASE("the version of the API is the engines or the newest known") {
  static const std::vector<std::pair<std::string, std::string>> rows{
      {"1.25", "/v1.25/"}, {"1.41", "/v1.41/"}, {"1.44", "/v1.44/"}, {"1.52", "/v1.44/"}};
  for (const auto& each : rows) {
    static const std::pair<std::string, std::string>* row;
    row = &each;
    in_world([](World& world) -> Task<> {
      world.engine.api_version = row->first;
      Call call(world);
      call.run({"pg_dumpall"});
      co_await call.finish();
      CHECK(call.result);
      CHECK(world.engine.server().requests().back().path.starts_with(row->second));
    });
  }
}

TEST_CASE("an engine that is too old is told so") {
  in_world([](World& world) -> Task<> {
    world.engine.api_version = "1.24";
    return expect_failure(world, "speaks version 1.24 of the API, at least 1.25 is needed (update");
  });
}

TEST_CASE("what is no engine is told so") {
  static const std::vector<std::pair<std::string, http::Response>> rows{
      {"GET _ping", reply(200, "<html>")}, {"GET json", reply(200, "<html>")},
      {"GET json", reply(200, "[]")},      {"GET json", reply(200, R"({"Id":"c0ffee"})")},
      {"POST exec", reply(201, "{}")},
  };
  for (const auto& each : rows) {
    static const std::pair<std::string, http::Response>* row;
    row = &each;
    CAPTURE(row->first, row->second.body);
    in_world([](World& world) -> Task<> {
      world.engine.instead[row->first] = row->second;
      return expect_failure(world, "is no container engine, or one unknown here");
    });
  }
}

TEST_CASE("nonsense about a program is no end of it") {
  in_world([](World& world) -> Task<> {
    world.engine.before_answer = [&](const std::string& key) {
      if (key == "POST start")
        world.engine.instead["GET json"] = reply(200, R"({"Running":"no","ExitCode":0})");
    };
    Call call(world);
    call.run({"pg_dumpall"});
    co_await call.finish();
    CHECK_FALSE(call.result);
    CHECK_THAT(call.what(), ContainsText("is no container engine, or one unknown here"));
    CHECK(world.memory.values.size() == 1);
  });
}

TEST_CASE("a proxy that forbids is told so") {
  in_world([](World& world) -> Task<> {
    world.engine.instead["POST exec"] = reply(403, "<html>403 Forbidden</html>\n");
    return expect_failure(world, "the engine says: <html>403 Forbidden</html> (if a proxy guards");
  });
}

TEST_CASE("an engine without words is told by its status") {
  in_world([](World& world) -> Task<> {
    world.engine.instead["POST exec"] = reply(502);
    return expect_failure(world, "the engine says: status 502");
  });
}

TEST_CASE("a missing socket is told with what to do") {
  in_world([](World& world) -> Task<> {
    world.settings.engine = "unix:///nonexistent/docker.sock";
    return expect_failure(world, "has no socket at /nonexistent/docker.sock (is the container");
  });
}

TEST_CASE("why an engine can not be reached in words") {
  using Step = http::HttpError::Step;
  const auto denied = silent(Step::connect, EACCES, "unix:///run/docker.sock");
  CHECK(denied.why == "no permission to use the container engine's socket /run/docker.sock");
  CHECK_THAT(denied.advice, ContainsText("SupplementaryGroups=docker"));
  CHECK_FALSE(denied.retryable);

  const auto refused = silent(Step::connect, ECONNREFUSED, "unix:///run/docker.sock");
  CHECK(refused.why == "nothing listens at unix:///run/docker.sock");
  CHECK_THAT(refused.advice, ContainsText("systemctl status docker"));
  CHECK(refused.retryable);

  const auto unreachable = silent(Step::connect, EHOSTUNREACH, "https://10.0.0.1:2376");
  CHECK_THAT(unreachable.why, ContainsText("https://10.0.0.1:2376 can't be reached: the reason"));
  const auto late = silent(Step::stalled, 0, "https://10.0.0.1:2376");
  CHECK_THAT(late.why, ContainsText("does not answer: the reason"));
  CHECK(late.advice == "the advice");
}

TEST_CASE("a container that runs on as before is nothing to tell") {
  ContainerState state;
  state.status = ContainerState::Status::running;
  state.started_at = "then";
  state.out_of_memory = true;
  CHECK_FALSE(what_happened(kSubject, state, state, "docker"));
}
