#include "contract/target/target_contract.hpp"

#include "async/event.hpp"
#include "async/loop.hpp"
#include "async/task_group.hpp"
#include "base/error.hpp"
#include "contract/target/memory_archive.hpp"
#include "support/catch.hpp"
#include "support/fake/fake_memory.hpp"

#include <boost/json.hpp>

#include <semaphore>

namespace snapshotter::test {
namespace {

// The machine's clock, except that it is always the same time: what two attempts write differs only
// where their source does.
class FixedClock : public platform::Clock {
 public:
  explicit FixedClock(boost::asio::any_io_executor loop)
      : machine_(platform::system_clock(std::move(loop))) {}

  Time now() const override { return from_unix_micros(1'795'485'600'123'456); }
  Steady steady_now() const override { return machine_->steady_now(); }
  Task<Woke> wait_until(Time time) override { return machine_->wait_until(time); }
  Task<> sleep_for(Duration duration) override { return machine_->sleep_for(duration); }
  void wait_on(std::condition_variable_any& changed, std::unique_lock<std::mutex>& lock,
               const std::stop_token& stop, Duration most,
               const std::function<bool()>& ready) override {
    machine_->wait_on(changed, lock, stop, most, ready);
  }

 private:
  std::unique_ptr<platform::Clock> machine_;
};

// One attempt of a run, as the engine makes it: a fresh archive, the target's coroutine in a group.
class Attempt {
 public:
  explicit Attempt(target::BackupTarget& target) : target_(target) {}

  // Returns when the backup has ended; `error` says how.
  void run() {
    async::TaskGroup group(loop_.executor());
    async::Event cancel(loop_.executor());
    const auto id = group.spawn("backup", back_up(), [&](std::exception_ptr e) {
      error = e;
      cancel.set();  // too late, but it must not be waited for
    });
    if (cancel_at_start) group.cancel(id);
    std::binary_semaphore cancelled(0);
    if (cancel_after_bytes > 0) {
      group.spawn("cancel", cancel_when(cancel, cancelled, group, id));
      // The backup stands still from the cancelling on, so it can't end before it hears of that.
      sink.on_append = [&, done = false]() mutable {
        if (done || sink.bytes.size() < cancel_after_bytes) return;
        done = true;
        cancel.set();
        cancelled.acquire();
      };
    }
    sink.on_append = [this, next = sink.on_append] {
      seen.push_back(progress.bytes_read.load());
      if (next) next();
    };
    loop_.run(join(group));
  }

  bool cancel_at_start = false;
  std::size_t cancel_after_bytes = 0;
  MemorySink sink;
  target::Progress progress;
  FakeMemory memory;
  std::vector<std::uint64_t> seen;  // progress at each append
  std::exception_ptr error;
  target::Report report;
  archive::WriteSummary summary;

 private:
  Task<> back_up() {
    archive::ArchiveWriter writer(sink, compressors_, {}, {});
    target::Context context{{loop_.executor(), pool_, clock_, *random_, memory}, writer, progress};
    report = co_await target_.backup(context);
    summary = writer.finish();
  }
  static Task<> cancel_when(async::Event& event, std::binary_semaphore& done,
                            async::TaskGroup& group, async::TaskGroup::Id id) {
    co_await event.wait();
    group.cancel(id);
    done.release();
  }
  static Task<int> join(async::TaskGroup& group) {
    co_await group.join();
    co_return 0;
  }

  target::BackupTarget& target_;
  async::Loop loop_;
  FixedClock clock_{loop_.executor()};
  std::unique_ptr<platform::Random> random_ = platform::seeded_random(1);
  async::WorkerPool pool_{"test", 1};
  async::WorkerPool compressors_{"test-z", 1};
};

bool is_cancelled(const std::exception_ptr& error) {
  if (!error) return false;
  try {
    std::rethrow_exception(error);
  } catch (const CancelledError&) {
    return true;
  } catch (...) {
    return false;
  }
}

void recover(target::BackupTarget& target) {
  struct Main {
    static Task<int> run(target::BackupTarget& it, target::Surroundings& surroundings) {
      co_await it.recover(surroundings);
      co_return 0;
    }
  };
  async::Loop loop;
  const auto clock = platform::system_clock(loop.executor());
  const auto random = platform::seeded_random(1);
  async::WorkerPool pool("test", 1);
  FakeMemory memory;
  target::Surroundings surroundings{loop.executor(), pool, *clock, *random, memory};
  loop.run(Main::run(target, surroundings));
}

void writes_what_it_should(TargetUnderTest& under_test) {
  Attempt attempt(*under_test.target);
  attempt.run();
  REQUIRE_FALSE(attempt.error);
  const auto members = members_by_path(attempt.sink.bytes);
  for (const auto& [path, content] : under_test.expected) {
    INFO(path);
    REQUIRE(members.contains(path));
    CHECK(members.at(path).content == content);
  }
  if (under_test.check) {
    std::map<std::string, std::string> contents;
    for (const auto& [path, member] : members) contents.emplace(path, member.content);
    under_test.check(contents);
  }
  CHECK(attempt.progress.entries == attempt.summary.entries);
  CHECK(attempt.progress.bytes_read == attempt.summary.content_bytes);
  CHECK(attempt.progress.bytes_written == 0);
  CHECK(std::is_sorted(attempt.seen.begin(), attempt.seen.end()));
  CHECK(boost::json::parse(attempt.report.source).is_object());
}

void counts_its_warnings(TargetUnderTest& under_test) {
  Attempt attempt(*under_test.target);
  attempt.run();
  const auto& report = attempt.report;
  using Kind = target::Warning::Kind;
  const auto listed = [&](Kind kind) {
    return static_cast<std::uint64_t>(
        std::count_if(report.warnings.begin(), report.warnings.end(),
                      [&](const auto& warning) { return warning.kind == kind; }));
  };
  CHECK(report.notes == listed(Kind::note));
  CHECK(report.changed == listed(Kind::changed));
  CHECK(report.missing == listed(Kind::missing));
}

void gives_the_same_twice(TargetUnderTest& under_test) {
  Attempt first(*under_test.target), second(*under_test.target);
  first.run();
  second.run();
  REQUIRE_FALSE(second.error);
  if (under_test.repeatable) {
    CHECK(first.sink.bytes == second.sink.bytes);
    CHECK(first.report.source == second.report.source);
  }
  std::vector<std::string> first_paths, second_paths;
  for (const Member& member : read_members(first.sink.bytes)) {
    first_paths.push_back(member.entry.path);
  }
  for (const Member& member : read_members(second.sink.bytes)) {
    second_paths.push_back(member.entry.path);
  }
  CHECK_FALSE(first_paths.empty());
  CHECK(first_paths == second_paths);
}

void can_be_cancelled(TargetUnderTest& under_test) {
  SECTION("before it has begun") {
    Attempt attempt(*under_test.target);
    attempt.cancel_at_start = true;
    attempt.run();
    CHECK(is_cancelled(attempt.error));
    CHECK(attempt.progress.entries == 0);
  }
  SECTION("in the middle") {
    Attempt attempt(*under_test.target);
    attempt.cancel_after_bytes = 1;
    attempt.run();
    CHECK(is_cancelled(attempt.error));
    CHECK(attempt.progress.entries > 0);
  }
  Attempt again(*under_test.target);
  again.run();
  CHECK_FALSE(again.error);
}

void fails_as_it_should(TargetUnderTest& under_test) {
  under_test.break_source();
  Attempt broken(*under_test.target);
  broken.run();
  REQUIRE(broken.error);
  CHECK_THROWS_AS(std::rethrow_exception(broken.error), BackupError);
  CHECK_NOTHROW(under_test.target->estimate({}));
  under_test.mend_source();
  Attempt mended(*under_test.target);
  mended.run();
  CHECK_FALSE(mended.error);
}

void names_itself(const TargetUnderTest& under_test) {
  CHECK_FALSE(under_test.target->type().empty());
  CHECK_FALSE(under_test.target->describe().empty());
  for (const std::string& secret : under_test.secrets) {
    CHECK(under_test.target->describe().find(secret) == std::string::npos);
  }
}

void estimates(const TargetUnderTest& under_test) {
  std::uint64_t expected = 0;
  for (const auto& [path, content] : under_test.expected) expected += content.size();
  if (const auto bytes = under_test.target->estimate({})) CHECK(*bytes >= expected);
  std::stop_source stop;
  stop.request_stop();
  CHECK_NOTHROW(under_test.target->estimate(stop.get_token()));
}

}  // namespace

void target_contract(const std::function<TargetUnderTest()>& make) {
  // Made before its source exists: constructing a target does no I/O.
  TargetUnderTest under_test = make();
  REQUIRE(under_test.target);
  names_itself(under_test);
  under_test.create_source();

  SECTION("writes what it should") { writes_what_it_should(under_test); }
  SECTION("counts its warnings") { counts_its_warnings(under_test); }
  SECTION("gives the same twice") { gives_the_same_twice(under_test); }
  SECTION("can be cancelled") { can_be_cancelled(under_test); }
  SECTION("fails as it should") { fails_as_it_should(under_test); }
  SECTION("estimates") { estimates(under_test); }
  SECTION("recovers twice, and backs up after it") {
    recover(*under_test.target);
    recover(*under_test.target);
    writes_what_it_should(under_test);
  }
}

}  // namespace snapshotter::test
