// What the answer of a webhook's receiver means, and how it is told. Pure.
#pragma once

#include "base/secret.hpp"
#include "base/time.hpp"
#include "http/message.hpp"
#include "http/url.hpp"
#include "notify/notifier.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::notify {

// Texts that receivers may send back and nobody may read.
class Redaction {
 public:
  void add(std::string_view secret);
  void add(const Secret& secret) { add(secret.reveal()); }
  // The URL's password, its path and query as a whole, and each part of them that is long enough
  // for a token (12 bytes).
  void add(const http::Url& url);
  // Each secret replaced by "…", the longest first. Not those of less than three bytes, which would
  // leave nothing to read.
  [[nodiscard]] std::string apply(std::string text) const;

 private:
  std::vector<Secret> secrets_;  // longest first
};

// Of a body this much is quoted, in printable form.
inline constexpr std::size_t kQuotedBody = 200;

// 2xx: delivered. 408, 425, 429 and 5xx: retry, not before Retry-After. Everything else never will
// be accepted: 410 says so itself, and a redirect is not followed.
// `quote`: whether the body of a failure may be quoted.
[[nodiscard]] NotificationResult judge(const http::Response& response, Duration took, Time now,
                                       const Redaction& redaction, bool quote);

}  // namespace snapshotter::notify
