#include "target/prometheus/server.hpp"

#include "base/text.hpp"
#include "target/prometheus/snapshots_folder.hpp"

#include <boost/json.hpp>

#include <string_view>
#include <utility>

namespace snapshotter::target::prometheus {
namespace {

namespace json = boost::json;
using Step = http::HttpError::Step;

constexpr Duration kQuickAnswer = std::chrono::seconds{5};
constexpr const char* kSnapshot = "/api/v1/admin/tsdb/snapshot";

// Prometheus's envelope: {"status":"success","data":{…}} or
// {"status":"error","errorType":"…","error":"…"}.
struct Envelope {
  bool success = false;
  std::string error_type, error;
  json::object data;
};

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  const json::string* const text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

std::optional<Envelope> parse(const std::string& body) {
  boost::system::error_code error;
  const json::value document = json::parse(body, error);
  const json::object* const root = error ? nullptr : document.if_object();
  if (root == nullptr) return std::nullopt;
  Envelope envelope;
  envelope.success = text_of(*root, "status") == "success";
  envelope.error_type = text_of(*root, "errorType");
  envelope.error = text_of(*root, "error");
  const json::value* const data = root->if_contains("data");
  if (data != nullptr && data->is_object()) envelope.data = data->get_object();
  return envelope;
}

// What the server said, short enough for a log line.
std::string quoted(const std::optional<Envelope>& envelope) {
  constexpr std::size_t kMost = 200;
  if (!envelope || envelope->error.empty()) return {};
  std::string text = printable(envelope->error);
  if (text.size() > kMost) text = text.substr(0, text.find_last_of(' ', kMost)) + " …";
  return ": \"" + text + '"';
}

struct Meaning {
  std::string why;
  std::string advice;
  bool may_exist = false;
  bool retryable = false;
};

constexpr const char* kCheckUrl =
    "check url; a path in it must be that of --web.route-prefix or of the proxy before it";

Meaning meaning_of_refusal(unsigned status) {
  switch (status) {
    case 401:
      return {"the server wants to know who asks, or does not believe it",
              "set username and password, or bearer_token, as the server's web.config.file or the "
              "proxy before it has them"};
    case 403:
      return {"whoever asks is not allowed to", "let the user of username or bearer_token do this"};
    case 404:
      return {"there is no such address",
              "start Prometheus with --web.enable-admin-api; " + std::string(kCheckUrl)};
    case 405:
      return {"the address takes no snapshots",
              "start Prometheus with --web.enable-admin-api, and let a proxy before it pass POST"};
    case 429:
      return {"the server has too much to do", "", false, true};
    case 503:
      return {"the server is not ready yet", "", true, true};
    default:
      break;
  }
  if (status >= 300 && status < 400) {
    return {"the address leads somewhere else", "set url to where it leads"};
  }
  if (status < 500) return {"the server does not take the request", kCheckUrl};
  return {"the server failed", "look at Prometheus's log; is its disk full?", true, true};
}

Meaning meaning_of(const http::Response& response, const std::optional<Envelope>& envelope) {
  if (envelope && envelope->error_type == "unavailable") {
    return {"its admin API is off", "start Prometheus with --web.enable-admin-api"};
  }
  if (response.ok()) {
    return {"the answer is none of Prometheus's", kCheckUrl, true};
  }
  return meaning_of_refusal(response.status);
}

[[noreturn]] void refuse(const std::string& origin, const http::Response& response,
                         const std::optional<Envelope>& envelope) {
  const Meaning meaning = meaning_of(response, envelope);
  std::string why = meaning.why + " (HTTP " + std::to_string(response.status) + ")";
  why += quoted(envelope);
  throw SnapshotError({"make a snapshot with", "Prometheus at " + origin, std::move(why),
                       meaning.advice, meaning.retryable},
                      meaning.may_exist);
}

[[noreturn]] void rethrow(const http::HttpError& error) {
  const Step step = error.step();
  const bool sent = step != Step::resolve && step != Step::connect && step != Step::tls;
  std::string advice = error.advice();
  if (step == Step::tls && advice.empty()) {
    advice =
        "set ca_file to the certificate of the authority that signed the server's, and "
        "server_name if that is made out to another name than url's";
  } else if (step == Step::connect && advice.empty()) {
    advice = "check url, and that Prometheus is running";
  } else if (step == Step::stalled) {
    advice = "raise timeout if Prometheus needs longer; look at its log";
  }
  throw SnapshotError({"make a snapshot with", "Prometheus at " + error.subject(), error.why(),
                       std::move(advice), error.retryable(), error.error_number()},
                      sent);
}

std::string name_in(const std::string& origin, const http::Response& response) {
  const auto envelope = parse(response.body);
  if (!response.ok() || !envelope || !envelope->success) refuse(origin, response, envelope);
  std::string name = text_of(envelope->data, "name");
  if (snapshot_stamp(name)) return name;
  throw SnapshotError(
      {"make a snapshot with", "Prometheus at " + origin,
       "it names its snapshot '" + printable(name.substr(0, 100)) + "', which is no name of one",
       "is something else answering at url?"},
      true);
}

}  // namespace

Server::Server(http::ClientOptions options, Duration timeout, platform::Clock& clock)
    : client_(std::move(options), clock), timeout_(timeout) {}

std::string Server::path(const char* rest) const {
  std::string path = client_.options().url.path;
  while (path.ends_with('/')) path.pop_back();
  return path + rest;
}

Task<std::string> Server::make_snapshot(bool skip_head) {
  http::Request request;
  request.method = "POST";
  request.path = path(kSnapshot) + (skip_head ? "?skip_head=true" : "?skip_head=false");
  request.stall_timeout = timeout_;
  http::Response response;
  try {
    response = co_await client_.send(request);
  } catch (const http::HttpError& error) {
    rethrow(error);
  }
  co_return name_in(client_.options().url.origin(), response);
}

Task<std::string> Server::version() { return ask(path("/api/v1/status/buildinfo"), "version"); }

Task<std::string> Server::data_path() {
  return ask(path("/api/v1/status/flags"), "storage.tsdb.path");
}

Task<std::string> Server::ask(std::string path, std::string key) {
  http::Request request;
  request.path = std::move(path);
  request.stall_timeout = kQuickAnswer;
  http::Response response;
  try {
    response = co_await client_.send(request);
  } catch (const http::HttpError&) {
    co_return std::string();
  }
  const auto envelope = response.ok() ? parse(response.body) : std::nullopt;
  co_return envelope ? text_of(envelope->data, key) : std::string();
}

}  // namespace snapshotter::target::prometheus
