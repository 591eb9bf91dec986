#include "notify/webhook/answer.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "crypto/base64.hpp"
#include "notify/one_line.hpp"

#include <algorithm>

namespace snapshotter::notify {
namespace {

using Outcome = NotificationResult::Outcome;

constexpr std::size_t kShortestToken = 12;
constexpr std::size_t kShortestSecret = 3;
constexpr std::size_t kLongestReason = 60;

Outcome outcome_of(unsigned status) {
  if (status >= 200 && status < 300) return Outcome::delivered;
  if (status == 408 || status == 425 || status == 429 || status >= 500) return Outcome::retry;
  return Outcome::rejected;
}

// Only the origin: the path may hold a token.
std::string moved_to(const http::Response& response) {
  const std::optional<std::string> location = response.headers.find("Location");
  if (!location) return {};
  try {
    return " to " + http::Url::parse(*location).origin();
  } catch (const ConfigError&) {
    return location->starts_with('/') ? " to another path of this host" : "";
  }
}

std::string advice(const http::Response& response) {
  switch (response.status) {
    case 401:
    case 403:
      return "correct the URL or its credentials";
    case 404:
      return "correct the URL";
    case 410:
      return "the receiver is gone for good: remove this notifier";
    default:
      break;
  }
  if (response.status < 300 || response.status >= 400) return {};
  return "it redirects" + moved_to(response) + ": set 'url' to where that leads";
}

}  // namespace

void Redaction::add(std::string_view secret) {
  if (secret.size() < kShortestSecret) return;
  secrets_.emplace_back(std::string(secret));
  std::sort(secrets_.begin(), secrets_.end(),
            [](const Secret& a, const Secret& b) { return a.reveal().size() > b.reveal().size(); });
}

void Redaction::add(const http::Url& url) {
  if (url.scheme == http::Url::Scheme::unix_socket) return;
  const std::string whole = url.query.empty() ? url.path : url.path + "?" + url.query;
  if (whole.size() >= kShortestToken) add(whole);
  add(url.password);
  if (!url.password.empty()) add(crypto::to_base64(url.user + ":" + url.password.reveal()));
  std::string_view rest = whole;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of("/?&="), rest.size());
    if (end >= kShortestToken) add(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

std::string Redaction::apply(std::string text) const {
  for (const Secret& secret : secrets_) {
    const std::string& hidden = secret.reveal();
    for (std::size_t at = 0; (at = text.find(hidden, at)) != std::string::npos;) {
      static constexpr std::string_view kHole = "…";
      text.replace(at, hidden.size(), kHole);
      at += kHole.size();
    }
  }
  return text;
}

NotificationResult judge(const http::Response& response, Duration took, Time now,
                         const Redaction& redaction, bool quote) {
  NotificationResult result;
  result.outcome = outcome_of(response.status);
  result.answer = std::to_string(response.status);
  if (const std::string reason = redaction.apply(response.reason); !reason.empty()) {
    result.answer += " " + one_line(reason, kLongestReason);
  }
  result.answer += " in " + to_string(took);
  if (result.outcome == Outcome::delivered) return result;
  if (const std::string what = advice(response); !what.empty()) result.answer += " (" + what + ")";
  if (quote && !response.body.empty()) {
    result.answer += ": " + one_line(redaction.apply(response.body), kQuotedBody);
  }
  if (result.outcome == Outcome::retry) result.not_before = http::retry_after(response, now);
  return result;
}

}  // namespace snapshotter::notify
