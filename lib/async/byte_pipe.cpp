#include "async/byte_pipe.hpp"

#include "async/event.hpp"
#include "base/error.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace snapshotter::async {

struct BytePipe::Impl {
  Impl(boost::asio::any_io_executor loop, std::size_t size)
      : capacity(size), room(std::move(loop)) {}

  [[nodiscard]] bool has_news() const { return closed || failure || !pieces.empty(); }

  const std::size_t capacity;
  Event room;  // for the writer: there is some, or the reader has gone

  std::mutex mutex;
  std::condition_variable_any news;  // for the reader
  std::deque<std::vector<std::byte>> pieces;
  std::size_t bytes = 0;  // in pieces
  bool writer_waits = false;
  bool closed = false;
  bool reader_left = false;
  std::exception_ptr failure;
};

BytePipe::BytePipe(boost::asio::any_io_executor loop, std::size_t capacity)
    : impl_(std::make_shared<Impl>(std::move(loop), capacity)) {}
BytePipe::~BytePipe() = default;

Task<bool> BytePipe::write(std::vector<std::byte> bytes) {
  for (;;) {
    {
      const std::lock_guard lock(impl_->mutex);
      impl_->writer_waits = false;
      if (impl_->reader_left) co_return false;
      // An empty piece would look like the end.
      if (bytes.empty()) co_return true;
      // A piece that is larger than the whole pipe must pass too.
      if (impl_->bytes == 0 || impl_->bytes + bytes.size() <= impl_->capacity) {
        impl_->bytes += bytes.size();
        impl_->pieces.push_back(std::move(bytes));
        impl_->news.notify_one();
        co_return true;
      }
      impl_->writer_waits = true;
    }
    co_await impl_->room.wait();
  }
}

void BytePipe::close(std::exception_ptr failure) {
  const std::lock_guard lock(impl_->mutex);
  impl_->closed = true;
  impl_->failure = std::move(failure);
  impl_->news.notify_one();
}

std::vector<std::byte> BytePipe::read(const std::stop_token& stop) {
  std::unique_lock lock(impl_->mutex);
  impl_->news.wait(lock, stop, [this] { return impl_->has_news(); });
  if (stop.stop_requested()) throw CancelledError("read");
  if (impl_->failure) std::rethrow_exception(impl_->failure);
  if (impl_->pieces.empty()) return {};
  auto piece = std::move(impl_->pieces.front());
  impl_->pieces.pop_front();
  impl_->bytes -= piece.size();
  if (impl_->writer_waits) impl_->room.set();
  return piece;
}

void BytePipe::leave() {
  const std::lock_guard lock(impl_->mutex);
  impl_->reader_left = true;
  impl_->pieces.clear();
  impl_->bytes = 0;
  if (impl_->writer_waits) impl_->room.set();
}

}  // namespace snapshotter::async
