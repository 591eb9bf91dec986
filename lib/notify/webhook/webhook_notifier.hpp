// type: webhook – an HTTP request for each event.
//
// Its keys, besides those of http::read_client_options (`url`, …) and `events`:
//   secret        one or a list; webhook/signature.hpp. Without it requests are not signed.
//   timeout       of a whole attempt, 1s…5m; 10s
//   method        POST or PUT; POST
//   content_type  application/json; or another JSON, application/x-www-form-urlencoded,
//                 text/plain, text/markdown: the kinds of text that values can be escaped for
//   headers       name: value, more of the request's headers; the values are secrets
//   body          a template (template.hpp), checked against a sample of each kind of event.
//                 Default: the event's document.
//
// Each request has the headers webhook-id (the event's id) and webhook-timestamp, and with a secret
// webhook-signature. Redirects are not followed: most turn a POST into a GET, and a login page's
// 200 would pass for a delivery.
//
// Secrets: chat services put tokens into the URL's path, so nothing beyond its origin is shown. The
// first 200 bytes of an answer that is no success are, with the URL's and the configured secrets
// taken out; and nothing of it when ${} stands in `body`, whose secrets nobody can tell from the
// rest.
#pragma once

#include "base/secret.hpp"
#include "base/settings.hpp"
#include "http/client.hpp"
#include "notify/notifier.hpp"
#include "notify/template.hpp"
#include "notify/webhook/answer.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace snapshotter::notify {

struct WebhookSettings {
  http::ClientOptions client;
  Duration timeout = std::chrono::seconds{10};
  std::string method = "POST";
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, Secret>> headers;
  std::optional<Template> body;  // nullopt: the document
  std::vector<Secret> keys;      // signing_key()
  Redaction redaction;
  bool quote_answers = true;
};

// Adds a problem for everything that is wrong, and returns what is of use only if nothing was.
[[nodiscard]] WebhookSettings read_webhook(settings::Section& section);

class WebhookNotifier : public Notifier {
 public:
  explicit WebhookNotifier(WebhookSettings settings);

  std::string type() const override { return "webhook"; }
  std::string describe() const override { return settings_.client.url.origin(); }
  Task<NotificationResult> deliver(const Event& event, platform::Clock& clock) override;

 private:
  Task<> attempt(const Event& event, platform::Clock& clock,
                 std::optional<NotificationResult>& result) const;
  http::Request request(const Event& event, Time now) const;

  WebhookSettings settings_;
};

[[nodiscard]] std::shared_ptr<Notifier> webhook_from(const std::string& name,
                                                     settings::Section& section);

}  // namespace snapshotter::notify
