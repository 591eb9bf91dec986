#include "target/postgresql/exec_stream.hpp"

#include "async/byte_pipe.hpp"
#include "async/event.hpp"
#include "async/offload.hpp"
#include "async/task_group.hpp"
#include "target/postgresql/frame_parser.hpp"

#include <algorithm>
#include <exception>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

namespace snapshotter::target::postgresql {
namespace {

constexpr std::size_t kReadSize = 256 * 1024;
constexpr std::size_t kPipeSize = 1024 * 1024;

void append(std::string& text, std::span<const std::byte> bytes) {
  text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void append_until(std::size_t limit, std::string& text, std::span<const std::byte> bytes) {
  append(text, bytes.first(std::min(bytes.size(), limit - text.size())));
}

void keep_end(std::size_t limit, std::string& text, std::span<const std::byte> bytes) {
  append(text, bytes);
  if (text.size() > limit) text.erase(0, text.size() - limit);
}

class StreamTaker {
 public:
  StreamTaker(http::Exchange& exchange, const Output& output, Surroundings& surroundings)
      : exchange_(exchange),
        output_(output),
        pool_(surroundings.pool),
        pipe_(surroundings.loop, kPipeSize),
        halves_(surroundings.loop),
        changed_(surroundings.loop) {}

  Task<StreamEnd> take() {
    const auto ended = [this](std::exception_ptr error) {
      --running_;
      fail(std::move(error));
      changed_.set();
    };
    halves_.spawn("read a program's output", read(), ended);
    halves_.spawn("save a program's output", save(), ended);
    try {
      while (running_ > 0 && !failure_) co_await changed_.wait();
    } catch (const CancelledError&) {
      fail(std::current_exception());
    }
    halves_.cancel_all();
    co_await halves_.join();
    if (failure_) std::rethrow_exception(failure_);
    co_return std::move(end_);
  }

 private:
  // Later failures are consequences.
  void fail(std::exception_ptr error) {
    if (!failure_) failure_ = std::move(error);
  }

  Task<> read() {
    std::exception_ptr failure;
    try {
      co_await read_frames();
    } catch (...) {
      failure = std::current_exception();
    }
    pipe_.close(failure);
    if (failure) std::rethrow_exception(failure);
  }

  Task<> read_frames() {
    std::vector<std::byte> buffer(kReadSize);
    FrameParser parser;
    for (;;) {
      const auto size = co_await exchange_.read(buffer);
      if (size == 0) break;
      std::vector<std::byte> output;
      output.reserve(size);
      parser.feed(std::span(buffer).first(size),
                  [&](FrameStream stream, std::span<const std::byte> payload) {
                    sort(stream, payload, output);
                  });
      if (output.empty()) continue;
      const bool wanted = co_await pipe_.write(std::move(output));
      if (!wanted) co_return;
    }
    end_.whole = parser.between_frames();
  }

  void sort(FrameStream stream, std::span<const std::byte> payload,
            std::vector<std::byte>& output) {
    switch (stream) {
      case FrameStream::output:
        append_until(StreamEnd::kOpeningLimit, end_.opening, payload);
        output.insert(output.end(), payload.begin(), payload.end());
        break;
      case FrameStream::errors:
        keep_end(StreamEnd::kMessagesLimit, end_.messages, payload);
        break;
      case FrameStream::engine_errors:
        append_until(StreamEnd::kOpeningLimit, end_.engine_errors, payload);
        break;
      case FrameStream::input:
        break;
    }
  }

  Task<> save() {
    co_await async::offload(pool_, [this](std::stop_token stop) {
      struct Leave {
        async::BytePipe& pipe;
        ~Leave() { pipe.leave(); }
      } const leave{pipe_};
      for (auto piece = pipe_.read(stop); !piece.empty(); piece = pipe_.read(stop)) output_(piece);
    });
  }

  http::Exchange& exchange_;
  const Output& output_;
  async::WorkerPool& pool_;
  async::BytePipe pipe_;
  async::TaskGroup halves_;
  async::Event changed_;
  StreamEnd end_;
  int running_ = 2;
  std::exception_ptr failure_;
};

}  // namespace

Task<StreamEnd> take_stream(http::Exchange& exchange, const Output& output,
                            Surroundings& surroundings) {
  StreamTaker taker(exchange, output, surroundings);
  co_return co_await taker.take();
}

}  // namespace snapshotter::target::postgresql
