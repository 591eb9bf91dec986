// Inside lib/bus only: who may ask for what.
//
// On the system bus root and the daemon's own user may everything. Others are as polkit says, whose
// actions are in systemd/org.snapshotter1.policy; without polkit they may nothing. Callers are
// known to polkit by their unique bus name, which is never given out twice: no process can slip
// into the place of one that ended. On a session bus the bus itself lets in nobody but its owner.
#pragma once

#include "async/event.hpp"
#include "async/task.hpp"
#include "bus/sdbus_compat.hpp"
#include "bus/service.hpp"
#include "platform/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace snapshotter::bus {

enum class Action { read, trigger, cancel, manage };
[[nodiscard]] std::string_view polkit_id(Action action);  // "org.snapshotter1.read"

struct Caller {
  std::string name;          // unique: ":1.42"
  bool interactive = false;  // it can wait for a person to be asked
};

// Who has called the method of `object` that runs now.
[[nodiscard]] Caller caller_of(const sdbus::IObject& object);

// Loop thread only. All that is handed in outlives it; require() must have returned everywhere
// before it dies.
class Authority {
 public:
  // A decision holds for so long: a caller that asks a thousand times a second costs polkit one
  // question a second.
  static constexpr Duration kDecisionAge = std::chrono::seconds{1};
  // polkit's time to answer, and a person's.
  static constexpr Duration kPatience = std::chrono::seconds{10};
  static constexpr Duration kInteractivePatience = std::chrono::minutes{2};
  // Calls of one caller that wait for the same decision; more are refused at once.
  static constexpr std::size_t kMaxWaiting = 64;

  Authority(sdbus::IConnection& connection, Bus bus, platform::Clock& clock,
            boost::asio::any_io_executor loop, std::function<void()> sent);
  ~Authority();

  // Returns when the caller may. Throws RequestError access_denied otherwise: whatever the call was
  // about is not in it.
  [[nodiscard]] Task<> require(Caller caller, Action action);

 private:
  struct Decision {
    bool made = false;
    std::string refusal;  // why not; empty: allowed
    Steady until{};
    std::vector<std::shared_ptr<async::Event>> waiting;
  };

  Task<std::string> decide(Caller caller, Action action);
  Task<std::optional<std::uint32_t>> user_of(std::string name);
  Task<std::string> ask_polkit(Caller caller, Action action);
  void forget_old();

  const Bus bus_;
  platform::Clock& clock_;
  boost::asio::any_io_executor loop_;
  std::function<void()> sent_;
  std::unique_ptr<sdbus::IProxy> bus_daemon_;
  std::unique_ptr<sdbus::IProxy> polkit_;
  std::map<std::pair<std::string, Action>, std::shared_ptr<Decision>> decisions_;
};

}  // namespace snapshotter::bus
