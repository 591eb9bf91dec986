#include "base/text.hpp"
#include "base/units.hpp"
#include "crypto/base64.hpp"
#include "notify/event_document.hpp"
#include "notify/webhook/signature.hpp"
#include "notify/webhook/webhook_notifier.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace snapshotter::notify {
namespace {

using settings::Node;
using settings::Section;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

// RFC 9110, 5.6.2 and 5.5.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}
bool fits_header(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c == '\t' || (c >= 0x20 && c != 0x7F); });
}

std::optional<Escaping> escaping_for(std::string_view content_type) {
  std::string type = lower(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' ')) type.pop_back();
  if (type == "application/json" || type.ends_with("+json")) return Escaping::json;
  if (type == "application/x-www-form-urlencoded") return Escaping::form;
  if (type == "text/plain" || type == "text/markdown") return Escaping::plain;
  return std::nullopt;
}

void read_key(Section& section, const Node& node, WebhookSettings& settings) {
  const auto refuse = [&](const std::string& why) {
    section.problems().add(node.where, section.what() + ": 'secret' " + why);
  };
  if (node.kind != Node::Kind::scalar) return refuse("must be a text or a list of texts");
  if (node.scalar.empty()) return refuse("is empty; leave it out to send events unsigned");
  if (!node.interpolated) section.problems().note_literal_secret(node.where);
  const Secret configured(node.scalar);
  const std::optional<Secret> key = signing_key(configured);
  if (!key) return refuse("begins with whsec_, but what follows is not Base64");
  settings.keys.push_back(*key);
  settings.redaction.add(configured);
  settings.redaction.add(*key);
}

void read_keys(Section& section, WebhookSettings& settings) {
  const Node* const node = section.node("secret");
  if (node == nullptr) return;
  if (node->kind != Node::Kind::sequence) return read_key(section, *node, settings);
  if (node->items.empty()) section.problem("secret", "lists nothing; name one, or leave it out");
  for (const Node& item : node->items) read_key(section, item, settings);
}

// What the client and this type write themselves.
bool is_reserved(const std::string& name) {
  static constexpr std::array<std::string_view, 11> kNames{
      "connection", "content-length",      "expect",           "host",
      "keep-alive", "proxy-authorization", "proxy-connection", "te",
      "trailer",    "transfer-encoding",   "upgrade"};
  const std::string small = lower(name);
  return std::find(kNames.begin(), kNames.end(), small) != kNames.end() ||
         small.starts_with("webhook-");
}

bool has_credentials(const http::ClientOptions& client) {
  return !client.bearer.empty() || !client.url.user.empty() || !client.url.password.empty();
}

void read_headers(Section& section, WebhookSettings& settings) {
  std::optional<Section> headers = section.section("headers");
  if (!headers) return;
  const Node& node = *section.node("headers");
  for (const Node::Member& member : node.members) {
    const std::string& name = member.key;
    const std::optional<Secret> value = headers->secret(name);
    if (!is_token(name)) {
      section.problems().add(member.where,
                             headers->what() + ": '" + printable(name) + "' is no header's name");
    } else if (lower(name) == "content-type") {
      headers->problem(name, "is set by 'content_type'");
    } else if (lower(name) == "authorization" && has_credentials(settings.client)) {
      headers->problem(name, "is there already, from the credentials of the URL or its keys");
    } else if (is_reserved(name)) {
      headers->problem(name, "is set by the daemon; leave it out");
    } else if (value && !fits_header(value->reveal())) {
      headers->problem(name, "has a line break or another control character in it");
    } else if (value) {
      settings.headers.emplace_back(name, *value);
      settings.redaction.add(*value);
    }
  }
  headers->finish();
}

// Everything in it is escaped, so that an event with any values gives what its samples do.
void check_json(Section& section, const Template& body) {
  for (int i = 0; i <= static_cast<int>(EventKind::test); ++i) {
    const auto kind = static_cast<EventKind>(i);
    boost::system::error_code error;
    (void)boost::json::parse(body.render(make_event(sample_event(kind)).document), error);
    if (!error) continue;
    section.problem("body", "gives no valid JSON for the event '" + std::string(name(kind)) +
                                "': " + error.message() +
                                " (text goes between quotes as {{…}}, numbers and lists without "
                                "quotes as {{{…}}})");
    return;
  }
}

void read_body(Section& section, WebhookSettings& settings) {
  settings.content_type = section.text("content_type").value_or(settings.content_type);
  const std::optional<Escaping> escaping = escaping_for(settings.content_type);
  if (!escaping || !fits_header(settings.content_type)) {
    section.problem("content_type",
                    "is none that values can be escaped for: use application/json, "
                    "application/x-www-form-urlencoded, text/plain or text/markdown");
  }
  const std::optional<std::string> text = section.text("body");
  if (!escaping) return;
  if (!text) {
    if (section.node("body") == nullptr && *escaping != Escaping::json) {
      section.problem("content_type", "needs a 'body': without one the event goes out as JSON");
    }
    return;
  }
  const bool shown = !section.node("body")->interpolated;
  settings.quote_answers = shown;
  std::vector<Template::Problem> problems;
  settings.body.emplace(*text, *escaping, problems);
  for (const Template::Problem& problem : problems) {
    const std::string place =
        shown ? "'" + printable(problem.place) + "'" : "place " + std::to_string(problem.number);
    section.problem("body", "has a mistake: " + place + " " + problem.why);
  }
  if (problems.empty() && *escaping == Escaping::json) check_json(section, *settings.body);
}

void read_client(Section& section, WebhookSettings& settings) {
  settings.client = http::read_client_options(section);
  const http::Url& url = settings.client.url;
  settings.redaction.add(url);
  settings.redaction.add(settings.client.bearer);
  if (settings.client.proxy) settings.redaction.add(*settings.client.proxy);
  // A path or a query may be a token. (Of a password there the client has told.)
  const Node* const node = section.node("url");
  const bool token = url.password.empty() && (url.path != "/" || !url.query.empty());
  if (node != nullptr && !node->interpolated && token) {
    section.problems().note_literal_secret(node->where);
  }
}

}  // namespace

WebhookSettings read_webhook(Section& section) {
  WebhookSettings settings;
  read_client(section, settings);
  read_keys(section, settings);
  read_headers(section, settings);
  read_body(section, settings);
  settings.method = section.choice("method", {"POST", "PUT"}).value_or(settings.method);
  if (const auto timeout = section.duration("timeout")) {
    settings.timeout = *timeout;
    if (*timeout < std::chrono::seconds{1} || *timeout > std::chrono::minutes{5}) {
      section.problem("timeout", "must be from 1s to 5m");
    }
  }
  // One limit of time: that of the attempt.
  settings.client.connect_timeout = settings.client.stall_timeout = 2 * settings.timeout;
  return settings;
}

std::shared_ptr<Notifier> webhook_from(const std::string& /*name*/, settings::Section& section) {
  return std::make_shared<WebhookNotifier>(read_webhook(section));
}

}  // namespace snapshotter::notify
