// Inside lib/bus only: all that differs, for us, between the two sdbus-c++ there are: 1.2 of
// Debian 12 and 2.1 of Debian 13.
//
// Version 2 has types of its own for names, which convert from nothing by themselves. Where a name
// is handed over, write compat::ServiceName("…"): with version 1 that is a std::string. Neither
// version has a macro that tells which one it is; a header that only version 2 has, does.
#pragma once

#include "base/time.hpp"

#include <sdbus-c++/sdbus-c++.h>

#include <optional>
#include <string>

namespace snapshotter::bus::compat {

#if __has_include(<sdbus-c++/VTableItems.h>)
inline constexpr bool kVersion2 = true;
using ServiceName = sdbus::ServiceName;
using PropertyName = sdbus::PropertyName;
using ErrorName = sdbus::Error::Name;
using AsyncError = std::optional<sdbus::Error>;
#else
inline constexpr bool kVersion2 = false;
using ServiceName = std::string;
using PropertyName = std::string;
using ErrorName = std::string;
using AsyncError = const sdbus::Error*;
#endif

inline const sdbus::Message& message_of(const sdbus::Message* message) { return *message; }
inline const sdbus::Message& message_of(const sdbus::Message& message) { return message; }

// What a connection waits for. Version 2 also has an eventFd that tells of messages which other
// threads have sent; ours has one thread.
struct PollState {
  int descriptor = -1;
  short events = 0;                 // poll(2)'s
  std::optional<Duration> timeout;  // from now; nullopt: for ever
};

template <class Connection>
PollState poll_state(const Connection& connection) {
  const auto poll = connection.getEventLoopPollData();
  PollState state{poll.fd, poll.events, {}};
  if constexpr (kVersion2) {
    const Duration left = poll.getRelativeTimeout();
    if (left != Duration::max()) state.timeout = left;
  } else {
    state.timeout = poll.getRelativeTimeout();
  }
  return state;
}

// Handles one message, or sends what waits. False: there was nothing to do.
template <class Connection>
bool process_one(Connection& connection) {
  if constexpr (kVersion2) {
    return connection.processPendingEvent();
  } else {
    return connection.processPendingRequest();
  }
}

}  // namespace snapshotter::bus::compat
