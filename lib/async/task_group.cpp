#include "async/task_group.hpp"

#include "async/cleanup.hpp"
#include "async/suspend.hpp"
#include "base/error.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <cstdio>
#include <map>
#include <utility>
#include <vector>

namespace snapshotter::async {
namespace asio = boost::asio;

namespace {

// Asio by default makes every co_await after a cancel throw its own system_error, also the one that
// was meant to clean up. Our awaitables look for a cancel themselves, and say CancelledError.
Task<> start(Task<> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await asio::post(asio::use_awaitable);
  co_await check_cancelled();
  co_await std::move(task);
}

std::exception_ptr in_our_words(std::exception_ptr error) {
  if (!error) return error;
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& failure) {
    if (failure.code() != asio::error::operation_aborted) return error;
    return std::make_exception_ptr(CancelledError());
  } catch (...) {
    return error;
  }
}

[[noreturn]] void die(const std::string& task, const char* why) {
  std::fprintf(stderr, "bug: task '%s' %s\n", task.c_str(), why);
  std::terminate();
}

void die_unless_cancelled(const std::string& task, const std::exception_ptr& error) {
  std::string why = "failed and nobody would hear of it";
  try {
    std::rethrow_exception(error);
  } catch (const CancelledError&) {
    return;
  } catch (const std::exception& failure) {
    why += std::string(": ") + failure.what();
  } catch (...) {
  }
  die(task, why.c_str());
}

}  // namespace

struct TaskGroup::Impl {
  struct Running {
    std::string name;
    Done done;
    asio::cancellation_signal signal;
  };

  explicit Impl(asio::any_io_executor executor) : loop(std::move(executor)) {}

  void finish(Id id, std::exception_ptr error) noexcept {
    error = in_our_words(std::move(error));
    const auto ended = tasks.extract(id);
    auto& [name, done, signal] = ended.mapped();
    if (done) {
      done(std::move(error));
    } else if (error) {
      die_unless_cancelled(name, error);
    }
    if (!tasks.empty()) return;
    for (const auto& resume : std::exchange(joiners, {})) resume({});
  }

  void cancel(Id id) {
    if (const auto found = tasks.find(id); found != tasks.end()) {
      found->second.signal.emit(asio::cancellation_type::terminal);
    }
  }

  const asio::any_io_executor loop;
  std::map<Id, Running> tasks;
  std::vector<detail::Resume> joiners;
  Id last_id = 0;
};

TaskGroup::TaskGroup(asio::any_io_executor loop) : impl_(std::make_shared<Impl>(std::move(loop))) {}

TaskGroup::~TaskGroup() {
  if (!impl_->tasks.empty()) die(impl_->tasks.begin()->second.name, "outlives its owner");
}

TaskGroup::Id TaskGroup::spawn(std::string name, Task<> task, Done done) {
  const auto id = ++impl_->last_id;
  auto& running = impl_->tasks[id];
  running.name = std::move(name);
  running.done = std::move(done);
  asio::co_spawn(impl_->loop, start(std::move(task)),
                 asio::bind_cancellation_slot(
                     running.signal.slot(),
                     [impl = impl_, id](std::exception_ptr error) { impl->finish(id, error); }));
  return id;
}

// Dispatched, because Asio hands a signal on by itself, to a place that may be gone by then, when
// it is emitted outside the loop.
void TaskGroup::cancel(Id id) {
  asio::dispatch(impl_->loop, [impl = impl_, id] { impl->cancel(id); });
}

void TaskGroup::cancel_all() {
  asio::dispatch(impl_->loop, [impl = impl_] {
    for (auto& [id, running] : impl->tasks) {
      running.signal.emit(asio::cancellation_type::terminal);
    }
  });
}

Task<> TaskGroup::join() {
  const auto impl = impl_;
  while (!impl->tasks.empty()) {
    co_await detail::suspend(
        [&](detail::Resume resume) { impl->joiners.push_back(std::move(resume)); });
  }
}

std::size_t TaskGroup::size() const noexcept { return impl_->tasks.size(); }

asio::any_io_executor TaskGroup::loop() const noexcept { return impl_->loop; }

}  // namespace snapshotter::async
