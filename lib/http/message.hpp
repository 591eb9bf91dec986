// Requests and responses, as values.
#pragma once

#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace snapshotter::http {

// In the order of the wire; names compare without case.
class Headers {
 public:
  Headers() = default;
  void add(std::string name, std::string value) {
    list_.emplace_back(std::move(name), std::move(value));
  }
  // The first of this name.
  [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const noexcept {
    return list_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> list_;
};

struct Request {
  std::string method = "GET";
  std::string path = "/";  // what follows the origin: "/api/v1/query?query=up", percent-encoded
  // Host, Content-Length and the like are the client's; Authorization too when its options have
  // credentials.
  Headers headers = {};
  std::string body = {};
  // How long the peer may be silent in the middle of this exchange; default: the client's.
  std::optional<Duration> stall_timeout = {};
};

struct Response {
  unsigned status = 0;
  std::string reason;
  Headers headers;
  std::string body;

  [[nodiscard]] bool ok() const noexcept { return status >= 200 && status < 300; }
};

// Retry-After (RFC 9110, 10.2.3): seconds, or a date that is compared with `now`; nullopt: absent
// or not understood. Never negative.
[[nodiscard]] std::optional<Duration> retry_after(const Response& response, Time now);

}  // namespace snapshotter::http
