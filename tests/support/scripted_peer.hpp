// Inside the scripted server only: its ends of connections.
#pragma once

#include "support/scripted_server.hpp"

#include <memory>
#include <vector>

namespace snapshotter::test {

class ConnectedPeer : public ScriptedServer::Peer {
 public:
  // Closes as is proper, unless it is closed.
  [[nodiscard]] virtual Task<> end() = 0;
};

// Takes the descriptor over; does TLS's handshake where the options say so. Requests are recorded
// in `record`.
[[nodiscard]] Task<std::unique_ptr<ConnectedPeer>> make_peer(int descriptor,
                                                             const ScriptedServer::Options& options,
                                                             std::vector<http::Request>& record);

}  // namespace snapshotter::test
