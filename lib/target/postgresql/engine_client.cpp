#include "target/postgresql/engine_client.hpp"

#include "async/cleanup.hpp"
#include "async/deadline.hpp"
#include "http/url.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace snapshotter::target::postgresql {
namespace {

namespace json = boost::json;

constexpr unsigned kNewestMinor = 44;
constexpr unsigned kOldestMinor = 25;
constexpr Duration kAnswerLimit = std::chrono::seconds{30};
constexpr std::size_t kLongestRefusal = 64 * 1024;
constexpr std::size_t kLongestQuote = 500;

struct ApiVersion {
  unsigned major = 0, minor = 0;
};

std::optional<ApiVersion> parse_version(std::string_view text) {
  ApiVersion version;
  const auto* end = text.data() + text.size();
  auto read = std::from_chars(text.data(), end, version.major);
  if (read.ec != std::errc() || read.ptr == end || *read.ptr != '.') return std::nullopt;
  read = std::from_chars(read.ptr + 1, end, version.minor);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return version;
}

const json::value* member(const json::value& value, std::string_view key) {
  const auto* object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains(key);
}

std::string text_of(const json::value& value, std::string_view key) {
  const auto* text = member(value, key);
  return text != nullptr && text->is_string() ? std::string(text->get_string()) : std::string();
}

std::optional<int> number_of(const json::value& value, std::string_view key) {
  const auto* number = member(value, key);
  if (number == nullptr || !number->is_int64()) return std::nullopt;
  return static_cast<int>(number->get_int64());
}

std::optional<bool> truth_of(const json::value& value, std::string_view key) {
  const auto* truth = member(value, key);
  if (truth == nullptr || !truth->is_bool()) return std::nullopt;
  return truth->get_bool();
}

// What an engine says of a failure: {"message": "…"}, or plain text where a proxy answers.
std::string message_of(const http::Response& response) {
  boost::system::error_code error;
  const auto document = json::parse(response.body, error);
  auto message = error ? response.body : text_of(document, "message");
  const auto end = message.find_last_not_of(" \r\n\t");
  message.resize(std::min(end == std::string::npos ? 0 : end + 1, kLongestQuote));
  if (!message.empty()) return message;
  return "status " + std::to_string(response.status) + " " + response.reason;
}

ContainerState::Status status_of(std::string_view word) {
  using Status = ContainerState::Status;
  static constexpr std::array<std::pair<std::string_view, Status>, 7> kWords{{
      {"running", Status::running},
      {"paused", Status::paused},
      {"restarting", Status::restarting},
      {"exited", Status::exited},
      {"stopped", Status::exited},  // podman, between a program's end and its tidying up
      {"dead", Status::dead},
      {"created", Status::created},
  }};
  const auto* found = std::ranges::find(kWords, word, &std::pair<std::string_view, Status>::first);
  return found == kWords.end() ? Status::other : found->second;
}

http::ClientOptions client_options(const ContainerSettings& settings) {
  http::ClientOptions options;
  options.url = http::Url::parse(settings.engine);
  options.tls = settings.engine_tls;
  return options;
}

http::Request post(std::string path, const json::object& body) {
  http::Request request{.method = "POST", .path = std::move(path)};
  request.headers.add("Content-Type", "application/json");
  request.body = json::serialize(body);
  return request;
}

}  // namespace

struct EngineClient::Impl {
  Impl(const ContainerSettings& settings, ExecSubject about, platform::Clock& its_clock)
      : clock(its_clock),
        client(client_options(settings), its_clock),
        subject(std::move(about)),
        engine(client.options().url.origin()),
        stall_timeout(settings.stall_timeout) {}

  Task<http::Response> send(http::Request request) {
    try {
      co_return co_await client.send(std::move(request));
    } catch (const http::HttpError& error) {
      throw EngineSilent(engine_silent(subject, error, engine));
    }
  }

  Task<http::Response> get(std::string path) {
    http::Request request{.path = prefix + path};
    co_return co_await send(std::move(request));
  }

  Task<> start(http::Request request, std::unique_ptr<http::Exchange>& exchange) {
    Error::Parts late{subject.doing,
                      subject.container,
                      "the container engine at " + engine + " does not answer",
                      {},
                      true};
    try {
      co_await async::with_deadline(begin(std::move(request), exchange),
                                    clock.sleep_for(kAnswerLimit), late);
    } catch (const http::HttpError& error) {
      throw EngineSilent(engine_silent(subject, error, engine));
    } catch (const TimeoutError& error) {
      throw EngineSilent(error.parts());
    }
  }

  Task<> begin(http::Request request, std::unique_ptr<http::Exchange>& exchange) {
    exchange = co_await client.stream(std::move(request));
    auto response = co_await exchange->head();
    if (response.status == 200) co_return;
    std::array<std::byte, 4096> piece{};
    while (response.body.size() < kLongestRefusal) {
      const auto size = co_await exchange->read(piece);
      if (size == 0) break;
      response.body.append(reinterpret_cast<const char*>(piece.data()), size);
    }
    throw refusal(response);
  }

  EngineRefusal refusal(const http::Response& response) const {
    Error::Parts parts{subject.doing, subject.container,
                       "the engine says: " + message_of(response)};
    if (response.status == 403)
      parts.advice =
          "if a proxy guards the engine's socket, let it pass GET and POST of "
          "/containers and /exec";
    parts.retryable = response.status >= 500;
    return {response.status, std::move(parts)};
  }

  json::value document(const http::Response& response, unsigned status) const {
    if (response.status != status) throw refusal(response);
    boost::system::error_code error;
    auto document = json::parse(response.body, error);
    if (error || !document.is_object()) throw not_understood();
    return document;
  }

  EngineRefusal not_understood() const {
    return {0,
            {subject.doing, subject.container,
             "what answers at " + engine + " is no container engine, or one unknown here",
             "see what 'engine' leads to"}};
  }

  platform::Clock& clock;
  http::Client client;
  ExecSubject subject;
  std::string engine;
  Duration stall_timeout;
  std::string prefix;  // "/v1.41"
  std::string program = "docker";
};

EngineClient::EngineClient(const ContainerSettings& settings, ExecSubject subject,
                           platform::Clock& clock)
    : impl_(std::make_unique<Impl>(settings, std::move(subject), clock)) {}

EngineClient::~EngineClient() = default;

Task<> EngineClient::connect() {
  const auto response = co_await impl_->get("/_ping");
  if (!response.ok()) throw impl_->refusal(response);
  const auto version = parse_version(response.headers.find("Api-Version").value_or(""));
  if (!version || version->major != 1) throw impl_->not_understood();
  if (version->minor < kOldestMinor)
    throw EngineRefusal(
        response.status,
        {impl_->subject.doing, impl_->subject.container,
         "the container engine speaks version 1." + std::to_string(version->minor) +
             " of the API, at least 1." + std::to_string(kOldestMinor) + " is needed",
         "update the engine: Docker 1.13 or later, podman 4 or later"});
  impl_->prefix = "/v1." + std::to_string(std::min(version->minor, kNewestMinor));
  if (response.headers.find("Libpod-Api-Version")) impl_->program = "podman";
}

Task<ContainerState> EngineClient::inspect_container(std::string name) {
  const auto response = co_await impl_->get("/containers/" + http::percent_encode(name) + "/json");
  ContainerState state;
  if (response.status == 404) co_return state;
  const auto document = impl_->document(response, 200);
  const auto* details = member(document, "State");
  state.id = text_of(document, "Id");
  if (details == nullptr || state.id.empty()) throw impl_->not_understood();
  state.status = status_of(text_of(*details, "Status"));
  state.started_at = text_of(*details, "StartedAt");
  state.exit_code = number_of(*details, "ExitCode").value_or(0);
  state.out_of_memory = truth_of(*details, "OOMKilled").value_or(false);
  co_return state;
}

Task<std::string> EngineClient::create_exec(ExecSpec spec) {
  json::object body{{"AttachStdin", false},
                    {"AttachStdout", true},
                    {"AttachStderr", true},
                    {"Tty", false},
                    {"Cmd", json::array(spec.argv.begin(), spec.argv.end())},
                    {"Env", json::array(spec.environment.begin(), spec.environment.end())}};
  if (!spec.user.empty()) body["User"] = spec.user;
  auto request =
      post(impl_->prefix + "/containers/" + http::percent_encode(spec.container) + "/exec", body);
  const auto response = co_await impl_->send(std::move(request));
  auto id = text_of(impl_->document(response, 201), "Id");
  if (id.empty()) throw impl_->not_understood();
  co_return id;
}

Task<std::unique_ptr<http::Exchange>> EngineClient::start_exec(std::string id) {
  auto request = post(impl_->prefix + "/exec/" + http::percent_encode(id) + "/start",
                      {{"Detach", false}, {"Tty", false}});
  request.stall_timeout = impl_->stall_timeout;
  std::unique_ptr<http::Exchange> exchange;
  co_await async::shielded(impl_->start(std::move(request), exchange));
  co_return exchange;
}

Task<ExecState> EngineClient::inspect_exec(std::string id) {
  using Phase = ExecState::Phase;
  const auto response = co_await impl_->get("/exec/" + http::percent_encode(id) + "/json");
  ExecState state;
  if (response.status == 404) co_return state;
  const auto document = impl_->document(response, 200);
  const auto running = truth_of(document, "Running");
  const auto exit_code = number_of(document, "ExitCode");
  if (!running) throw impl_->not_understood();
  // One that was not started: Docker says null for its exit code; podman 0, but that it can't be
  // removed.
  const bool started = impl_->program == "podman" ? truth_of(document, "CanRemove").value_or(false)
                                                  : exit_code.has_value();
  state.phase = *running ? Phase::running : started ? Phase::ended : Phase::created;
  state.exit_code = exit_code.value_or(0);
  co_return state;
}

const std::string& EngineClient::program() const noexcept { return impl_->program; }

const ExecSubject& EngineClient::subject() const noexcept { return impl_->subject; }

EngineSilent EngineClient::silent(const http::HttpError& error) const {
  return EngineSilent(engine_silent(impl_->subject, error, impl_->engine));
}

}  // namespace snapshotter::target::postgresql
