#include "bus/authority.hpp"

#include "base/error.hpp"

#include <systemd/sd-bus.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <tuple>
#include <utility>

namespace snapshotter::bus {
namespace {

constexpr const char* kBusInterface = "org.freedesktop.DBus";
constexpr const char* kPolkitInterface = "org.freedesktop.PolicyKit1.Authority";

// An answer that comes through a callback of sdbus-c++, awaited.
template <class Value>
struct Reply {
  explicit Reply(boost::asio::any_io_executor loop) : arrived(std::move(loop)) {}
  async::Event arrived;
  std::optional<Value> value;
  std::string error;  // its D-Bus name
};

constexpr std::uint64_t microseconds(Duration duration) {
  return static_cast<std::uint64_t>(std::chrono::microseconds(duration).count());
}

// Nobody is there who could be asked: not installed, or it can't be started.
bool is_absent(const std::string& error) {
  return error == "org.freedesktop.DBus.Error.ServiceUnknown" ||
         error == "org.freedesktop.DBus.Error.NameHasNoOwner" ||
         error.starts_with("org.freedesktop.DBus.Error.Spawn") ||
         error.starts_with("org.freedesktop.systemd1.");
}

// sdbus-c++ does not show this flag of a message; sd-bus, which is below it, does.
struct RawMessage : sdbus::Message {
  static bool allows_interaction(const sdbus::Message& message) {
    auto* const raw = static_cast<sd_bus_message*>(message.*(&RawMessage::msg_));
    return sd_bus_message_get_allow_interactive_authorization(raw) > 0;
  }
};

}  // namespace

Caller caller_of(const sdbus::IObject& object) {
  // A pointer in version 1, the message itself in version 2.
  const auto& current = object.getCurrentlyProcessedMessage();
  const auto& message = compat::message_of(current);
  return {message.getSender(), RawMessage::allows_interaction(message)};
}

std::string_view polkit_id(Action action) {
  switch (action) {
    case Action::read:
      return "org.snapshotter1.read";
    case Action::trigger:
      return "org.snapshotter1.trigger";
    case Action::cancel:
      return "org.snapshotter1.cancel";
    case Action::manage:
      break;
  }
  return "org.snapshotter1.manage";
}

Authority::Authority(sdbus::IConnection& connection, Bus bus, platform::Clock& clock,
                     boost::asio::any_io_executor loop, std::function<void()> sent)
    : bus_(bus), clock_(clock), loop_(std::move(loop)), sent_(std::move(sent)) {
  if (bus_ == Bus::session) return;
  bus_daemon_ = sdbus::createProxy(connection, compat::ServiceName("org.freedesktop.DBus"),
                                   sdbus::ObjectPath("/org/freedesktop/DBus"));
  polkit_ = sdbus::createProxy(connection, compat::ServiceName("org.freedesktop.PolicyKit1"),
                               sdbus::ObjectPath("/org/freedesktop/PolicyKit1/Authority"));
}

Authority::~Authority() = default;

Task<> Authority::require(Caller caller, Action action) {
  if (bus_ == Bus::session) co_return;
  forget_old();
  const auto key = std::make_pair(caller.name, action);
  std::shared_ptr<Decision> decision;
  if (const auto known = decisions_.find(key); known != decisions_.end()) {
    decision = known->second;
    if (!decision->made) {
      if (decision->waiting.size() >= kMaxWaiting) {
        throw RequestError({"do this", "", "too many calls wait for their authorization",
                            "wait for the answers to the others"},
                           ErrorKind::access_denied);
      }
      const auto made = std::make_shared<async::Event>(loop_);
      decision->waiting.push_back(made);
      co_await made->wait();
    }
  } else {
    decision = std::make_shared<Decision>();
    decisions_.emplace(key, decision);
    decision->refusal = "the daemon is shutting down";  // should this be cancelled
    std::exception_ptr failure;
    try {
      decision->refusal = co_await decide(std::move(caller), action);
    } catch (...) {
      failure = std::current_exception();
    }
    decision->made = true;
    decision->until = clock_.steady_now() + kDecisionAge;
    for (const auto& waiting : decision->waiting) waiting->set();
    decision->waiting.clear();
    if (failure) std::rethrow_exception(failure);
  }
  if (!decision->refusal.empty()) {
    throw RequestError({"do this", "", decision->refusal}, ErrorKind::access_denied);
  }
}

Task<std::string> Authority::decide(Caller caller, Action action) {
  const auto user = co_await user_of(caller.name);
  if (user && (*user == 0 || *user == ::geteuid())) co_return std::string();
  co_return co_await ask_polkit(std::move(caller), action);
}

Task<std::optional<std::uint32_t>> Authority::user_of(std::string name) {
  const auto reply = std::make_shared<Reply<std::uint32_t>>(loop_);
  bus_daemon_->callMethodAsync("GetConnectionUnixUser")
      .onInterface(kBusInterface)
      .withTimeout(microseconds(kPatience))
      .withArguments(name)
      .uponReplyInvoke([reply](compat::AsyncError error, std::uint32_t user) {
        if (!error) reply->value = user;
        reply->arrived.set();
      });
  sent_();
  co_await reply->arrived.wait();
  co_return reply->value;
}

Task<std::string> Authority::ask_polkit(Caller caller, Action action) {
  using Details = std::map<std::string, std::string>;
  using Answer = sdbus::Struct<bool, bool, Details>;
  const sdbus::Struct<std::string, std::map<std::string, sdbus::Variant>> subject{
      "system-bus-name", {{"name", sdbus::Variant(caller.name)}}};
  const auto reply = std::make_shared<Reply<Answer>>(loop_);
  const std::uint32_t flags = caller.interactive ? 1 : 0;  // AllowUserInteraction
  polkit_->callMethodAsync("CheckAuthorization")
      .onInterface(kPolkitInterface)
      .withTimeout(microseconds(caller.interactive ? kInteractivePatience : kPatience))
      .withArguments(subject, std::string(polkit_id(action)), Details{}, flags, std::string())
      .uponReplyInvoke([reply](compat::AsyncError error, const Answer& answer) {
        if (error) {
          reply->error = error->getName();
        } else {
          reply->value = answer;
        }
        reply->arrived.set();
      });
  sent_();
  co_await reply->arrived.wait();
  if (reply->value) {
    if (std::get<0>(*reply->value)) co_return std::string();
    co_return "polkit does not allow " + std::string(polkit_id(action));
  }
  if (is_absent(reply->error)) co_return std::string("only root may: polkit is not running here");
  co_return "polkit gives no answer: " + reply->error;
}

// Callers come and go; what is kept of one is forgotten a second later.
void Authority::forget_old() {
  const auto now = clock_.steady_now();
  std::erase_if(decisions_, [&](const auto& entry) {
    return entry.second->made && entry.second->until <= now;
  });
}

}  // namespace snapshotter::bus
