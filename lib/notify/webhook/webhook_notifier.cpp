#include "notify/webhook/webhook_notifier.hpp"

#include "async/deadline.hpp"
#include "base/units.hpp"
#include "notify/one_line.hpp"
#include "notify/webhook/signature.hpp"

#include <array>
#include <span>

namespace snapshotter::notify {
namespace {

using Outcome = NotificationResult::Outcome;

constexpr std::size_t kLongestAnswer = 600;
// Of a failure's body: enough for 200 bytes after secrets were taken out of it.
constexpr std::size_t kReadOfBody = 4096;

// The beginning of a failure's body. What goes wrong with it does not matter: the status is known.
Task<std::string> beginning(http::Exchange& exchange) {
  std::string body;
  std::array<std::byte, 1024> buffer;
  try {
    while (body.size() < kReadOfBody) {
      const std::size_t got = co_await exchange.read(buffer);
      if (got == 0) break;
      body.append(reinterpret_cast<const char*>(buffer.data()), got);
    }
  } catch (const http::HttpError&) {
  }
  co_return body;
}

}  // namespace

WebhookNotifier::WebhookNotifier(WebhookSettings settings) : settings_(std::move(settings)) {}

http::Request WebhookNotifier::request(const Event& event, Time now) const {
  const http::Url& url = settings_.client.url;
  http::Request request;
  request.method = settings_.method;
  request.path = url.query.empty() ? url.path : url.path + "?" + url.query;
  request.body = settings_.body ? settings_.body->render(event.document) : event.document;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  const std::string timestamp = std::to_string(seconds);
  request.headers.add("Content-Type", settings_.content_type);
  request.headers.add("webhook-id", event.id);
  request.headers.add("webhook-timestamp", timestamp);
  if (!settings_.keys.empty()) {
    request.headers.add("webhook-signature",
                        signature(settings_.keys, event.id, timestamp, request.body));
  }
  for (const auto& [name, value] : settings_.headers) request.headers.add(name, value.reveal());
  return request;
}

Task<> WebhookNotifier::attempt(const Event& event, platform::Clock& clock,
                                std::optional<NotificationResult>& result) const {
  const Steady begin = clock.steady_now();
  http::Client client(settings_.client, clock);
  http::Request request = this->request(event, clock.now());
  const std::unique_ptr<http::Exchange> exchange = co_await client.stream(std::move(request));
  http::Response response = co_await exchange->head();
  const Duration took = clock.steady_now() - begin;
  result = judge(response, took, clock.now(), settings_.redaction, settings_.quote_answers);
  if (result->outcome == Outcome::delivered || !settings_.quote_answers) co_return;
  response.body = co_await beginning(*exchange);
  result = judge(response, took, clock.now(), settings_.redaction, settings_.quote_answers);
}

Task<NotificationResult> WebhookNotifier::deliver(const Event& event, platform::Clock& clock) {
  std::optional<NotificationResult> result;
  std::string failure;
  try {
    const Error::Parts late{"deliver to", describe(),
                            "no answer within " + to_string(settings_.timeout)};
    co_await async::with_deadline(attempt(event, clock, result), clock.sleep_for(settings_.timeout),
                                  late);
  } catch (const CancelledError&) {
    throw;
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (!result) {
    // No answer, whatever the reason: certificates are renewed, names and machines come back.
    result.emplace(NotificationResult{Outcome::retry, settings_.redaction.apply(failure)});
  }
  result->answer = one_line(result->answer, kLongestAnswer);
  co_return *std::move(result);
}

}  // namespace snapshotter::notify
