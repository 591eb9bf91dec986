// An HTTP server for tests, well-behaved or not, on the test's own loop.
//
// The easy mode is a function from request to answer:
//
//   ScriptedServer server(loop);
//   server.answer([](const http::Request& request) { … return reply(200, "{}"); });
//
// A script plays one connection, byte by byte; scripts are taken in turn, one for each connection,
// before the function is asked:
//
//   server.script([](ScriptedServer::Peer& peer) -> Task<> {
//     co_await peer.request();
//     co_await peer.send("HTTP/1.1 200 OK\r\nContent-Le");
//     co_await peer.stall();
//   });
//
// With a ManualClock nothing waits for real: settle() lets client and server come as far as they
// get, for both are on the same loop.
#pragma once

#include "async/task.hpp"
#include "base/time.hpp"
#include "http/message.hpp"
#include "http/url.hpp"
#include "platform/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::test {

// Loop thread only. Everything open is closed when it is destroyed, which must happen on the loop
// (a local of the test's coroutine): until then it keeps the loop running.
class ScriptedServer {
 public:
  struct Tls {
    std::string certificate;  // PEM, with the key of it
    std::string key;
    std::string client_ca = {};  // PEM: clients must show a certificate of this authority
    bool only_tls_1_1 = false;
  };
  struct Options {
    std::string address = "127.0.0.1";  // an IPv4 or IPv6 address, or the absolute path of a socket
    std::shared_ptr<const Tls> tls = {};
    bool accept = true;     // false: connections wait in the kernel for ever
    int backlog = 128;      // how many of them
    bool handshake = true;  // of TLS, before the script begins
  };

  // The server's end of a connection. Everything throws when the client has gone; that ends the
  // script, quietly.
  class Peer {
   public:
    virtual ~Peer() = default;
    // Reads one request, with its body (Content-Length or chunked), and records it. With
    // "Expect: 100-continue" it does not wait for the body.
    [[nodiscard]] virtual Task<http::Request> request() = 0;
    // The next bytes, as they come; "" at the end.
    [[nodiscard]] virtual Task<std::string> receive() = 0;
    [[nodiscard]] virtual Task<> send(std::string bytes) = 0;
    // One byte after each interval.
    [[nodiscard]] virtual Task<> drip(std::string bytes, Duration interval,
                                      platform::Clock& clock) = 0;
    // Does nothing, reads nothing, until the server is destroyed or the connection is reset.
    [[nodiscard]] virtual Task<> stall() = 0;
    // Reads and drops all until the client closes.
    [[nodiscard]] virtual Task<> drain() = 0;
    // Passes bytes on to and from another server on 127.0.0.1, until either side ends.
    [[nodiscard]] virtual Task<> relay(std::uint16_t port) = 0;
    // The end of a script closes; under TLS with a close_notify. These end otherwise.
    virtual void reset() = 0;  // RST, what was sent may be lost
    virtual void cut() = 0;    // FIN without a close_notify
  };
  using Script = std::function<Task<>(Peer&)>;
  using Handler = std::function<http::Response(const http::Request&)>;
  enum class End { close, cut, reset, stall };

  explicit ScriptedServer(boost::asio::any_io_executor loop);
  ScriptedServer(boost::asio::any_io_executor loop, Options options);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  // For connections without a script. Default: 404 to everything.
  void answer(Handler handler);
  void script(Script script);
  // A script: reads a request, sends `bytes`, ends so.
  void script(std::string bytes, End end = End::close);

  [[nodiscard]] http::Url url() const;
  // All that were read, in order.
  [[nodiscard]] const std::vector<http::Request>& requests() const;
  [[nodiscard]] std::size_t connections() const;  // accepted so far
  [[nodiscard]] std::size_t open() const;         // still open

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Answers for the easy mode: with Content-Length.
[[nodiscard]] http::Response reply(unsigned status, std::string body = {});

}  // namespace snapshotter::test
