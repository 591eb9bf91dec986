#include "support/scripted_server.hpp"

#include "async/loop.hpp"
#include "async/task_group.hpp"
#include "base/error.hpp"
#include "platform/unique_fd.hpp"
#include "support/scripted_peer.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <utility>

namespace snapshotter::test {
namespace {

platform::UniqueFd listen_on(const sockaddr* address, socklen_t length, int backlog) {
  platform::UniqueFd descriptor(
      ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!descriptor || ::bind(descriptor.get(), address, length) != 0 ||
      ::listen(descriptor.get(), backlog) != 0) {
    throw_system_error("listen for a test", "", errno);
  }
  return descriptor;
}

platform::UniqueFd listen_on(const std::string& address, int backlog) {
  if (address.starts_with('/')) {
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    address.copy(local.sun_path, sizeof local.sun_path - 1);
    return listen_on(reinterpret_cast<const sockaddr*>(&local), sizeof local, backlog);
  }
  if (address.find(':') != std::string::npos) {
    sockaddr_in6 local{};
    local.sin6_family = AF_INET6;
    ::inet_pton(AF_INET6, address.c_str(), &local.sin6_addr);
    return listen_on(reinterpret_cast<const sockaddr*>(&local), sizeof local, backlog);
  }
  sockaddr_in local{};
  local.sin_family = AF_INET;
  ::inet_pton(AF_INET, address.c_str(), &local.sin_addr);
  return listen_on(reinterpret_cast<const sockaddr*>(&local), sizeof local, backlog);
}

std::uint16_t port_of(int descriptor) {
  sockaddr_storage local{};
  socklen_t length = sizeof local;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&local), &length);
  std::uint16_t port = 0;  // at the same place for both families
  std::memcpy(&port, reinterpret_cast<const char*>(&local) + offsetof(sockaddr_in, sin_port),
              sizeof port);
  return ntohs(port);
}

}  // namespace

struct ScriptedServer::State {
  State(boost::asio::any_io_executor loop, Options its_options)
      : options(std::move(its_options)),
        listener(listen_on(options.address, options.backlog)),
        group(std::move(loop)) {}

  Options options;
  platform::UniqueFd listener;
  std::deque<Script> scripts;
  Handler handler = [](const http::Request&) { return reply(404); };
  std::vector<http::Request> requests;
  std::size_t connections = 0;
  std::size_t open = 0;
  async::TaskGroup group;
};

namespace {

std::string wire_form(const http::Response& response, bool body) {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " " + response.reason + "\r\n";
  for (const auto& [name, value] : response.headers.all()) text += name + ": " + value + "\r\n";
  if (!response.headers.find("Content-Length")) {
    text += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  }
  text += "\r\n";
  return body ? text + response.body : text;
}

Task<> play(ScriptedServer::Peer& peer, ScriptedServer::Script script) { co_await script(peer); }

Task<> answer_once(ScriptedServer::Peer& peer, ScriptedServer::Handler handler) {
  const auto request = co_await peer.request();
  const auto response = handler(request);
  co_await peer.send(wire_form(response, request.method != "HEAD"));
}

Task<> say(ScriptedServer::Peer& peer, std::string bytes, ScriptedServer::End end) {
  static_cast<void>(co_await peer.request());
  co_await peer.send(bytes);
  if (end == ScriptedServer::End::stall) co_await peer.stall();
  if (end == ScriptedServer::End::reset) peer.reset();
  if (end == ScriptedServer::End::cut) peer.cut();
}

// Template, for the server's state is its own.
template <class State>
Task<> serve(std::shared_ptr<State> state, int descriptor) {
  auto peer = co_await make_peer(descriptor, state->options, state->requests);
  if (state->scripts.empty()) {
    co_await answer_once(*peer, state->handler);
  } else {
    auto script = std::move(state->scripts.front());
    state->scripts.pop_front();
    co_await play(*peer, std::move(script));
  }
  co_await peer->end();
}

template <class State>
Task<> accept_all(std::shared_ptr<State> state) {
  for (;;) {
    co_await async::Loop::readable(state->listener.get());
    const int descriptor =
        ::accept4(state->listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0) continue;
    ++state->connections;
    ++state->open;
    state->group.spawn("scripted connection", serve(state, descriptor),
                       [state](std::exception_ptr) { --state->open; });
  }
}

}  // namespace

ScriptedServer::ScriptedServer(boost::asio::any_io_executor loop)
    : ScriptedServer(std::move(loop), Options()) {}

// The tasks' ends hold the state, and so the group: it is never destroyed before they are.
ScriptedServer::ScriptedServer(boost::asio::any_io_executor loop, Options options)
    : state_(std::make_shared<State>(std::move(loop), std::move(options))) {
  if (!state_->options.accept) return;
  state_->group.spawn("scripted server", accept_all(state_),
                      [state = state_](std::exception_ptr) { state->listener.reset(); });
}

ScriptedServer::~ScriptedServer() { state_->group.cancel_all(); }

void ScriptedServer::answer(Handler handler) { state_->handler = std::move(handler); }

void ScriptedServer::script(Script script) { state_->scripts.push_back(std::move(script)); }

void ScriptedServer::script(std::string bytes, End end) {
  script([bytes = std::move(bytes), end](Peer& peer) { return say(peer, bytes, end); });
}

http::Url ScriptedServer::url() const {
  http::Url url;
  const std::string& address = state_->options.address;
  url.host = address;
  if (address.starts_with('/')) {
    url.scheme = http::Url::Scheme::unix_socket;
    url.port = 0;
    return url;
  }
  if (state_->options.tls) url.scheme = http::Url::Scheme::https;
  url.port = port_of(state_->listener.get());
  return url;
}

const std::vector<http::Request>& ScriptedServer::requests() const { return state_->requests; }
std::size_t ScriptedServer::connections() const { return state_->connections; }
std::size_t ScriptedServer::open() const { return state_->open; }

http::Response reply(unsigned status, std::string body) {
  http::Response response;
  response.status = status;
  response.reason = "Scripted";
  response.body = std::move(body);
  return response;
}

}  // namespace snapshotter::test
