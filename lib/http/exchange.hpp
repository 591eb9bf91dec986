// Inside lib/http only: one request and its response on a connection of their own.
#pragma once

#include "http/chunked.hpp"
#include "http/client.hpp"
#include "http/inbox.hpp"
#include "http/request_head.hpp"
#include "http/response_head.hpp"
#include "http/stream.hpp"
#include "http/watchdog.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <string>

namespace snapshotter::http {

// Each function of Exchange is a shell around one of the private ones that closes the connection
// when it throws.
class HttpExchange final : public Exchange {
 public:
  struct Settings {
    std::string origin;
    std::size_t max_header = 0;
    Duration stall_timeout = {};
    bool head_request = false;
    RequestBody body = {};
  };

  HttpExchange(std::unique_ptr<Stream> stream, boost::asio::any_io_executor loop,
               platform::Clock& clock, Settings settings);

  // Sends bytes as they are. False as with write().
  [[nodiscard]] Task<bool> send(std::span<const std::byte> bytes);
  // Waits for "100 Continue", a final answer, or not any longer (RFC 9110, 10.1.1).
  [[nodiscard]] Task<> await_continue();

  [[nodiscard]] Task<bool> write(std::span<const std::byte> bytes) override;
  [[nodiscard]] Task<Response> head() override;
  [[nodiscard]] Task<std::size_t> read(std::span<std::byte> into) override;
  // Once head() has returned.
  [[nodiscard]] const ResponseHead& response_head() const { return *head_; }

 private:
  enum class Took { nothing, interim, answer };

  [[nodiscard]] Task<> send_on(std::span<const std::byte> bytes);
  [[nodiscard]] Task<> send_piece(std::span<const std::byte>& bytes);
  [[nodiscard]] Task<> look_for_early_answer();
  [[nodiscard]] Task<> read_continue();
  [[nodiscard]] Task<> write_piece(std::span<const std::byte> bytes);
  [[nodiscard]] Task<> end_request();
  [[nodiscard]] Task<> read_head();
  [[nodiscard]] Task<std::size_t> read_body(std::span<std::byte> into);
  [[nodiscard]] Task<std::size_t> read_length(std::span<std::byte> into);
  [[nodiscard]] Task<std::size_t> read_to_close(std::span<std::byte> into);
  [[nodiscard]] Task<std::size_t> read_chunked(std::span<std::byte> into);
  [[nodiscard]] Task<> next_chunk();
  [[nodiscard]] Task<std::size_t> receive(std::span<std::byte> into);
  [[nodiscard]] Task<std::size_t> receive_watched(std::span<std::byte> into);
  [[nodiscard]] Task<bool> fill_inbox();
  Took take_head();
  void stop_sending(std::exception_ptr failure = {});
  [[nodiscard]] HttpError send_error(const boost::system::error_code& error) const;
  [[nodiscard]] HttpError receive_error(const boost::system::error_code& error) const;
  void check_open() const;
  void close() noexcept;

  const Settings settings_;
  platform::Clock& clock_;
  std::unique_ptr<Stream> stream_;
  std::optional<Watchdog> watchdog_;  // interrupts stream_

  std::uint64_t written_ = 0;
  bool sending_over_ = false;
  std::exception_ptr send_failure_;

  Inbox inbox_;
  std::size_t head_bytes_ = 0;  // with those of interim responses
  std::optional<ResponseHead> head_;
  std::uint64_t remaining_ = 0;
  std::optional<ChunkDecoder> chunks_;
  bool complete_ = false;
  bool peer_ended_ = false;
  bool truncated_ = false;  // TLS ended without saying so
};

}  // namespace snapshotter::http
