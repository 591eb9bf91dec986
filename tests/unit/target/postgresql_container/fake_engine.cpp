#include "fake_engine.hpp"

#include "base/text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <stdexcept>

namespace snapshotter::test {
namespace {

namespace json = boost::json;

std::string head_and_body(const http::Response& response) {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " Scripted\r\n";
  for (const auto& [name, value] : response.headers.all()) text += name + ": " + value + "\r\n";
  return text + "Content-Length: " + std::to_string(response.body.size()) + "\r\n\r\n" +
         response.body;
}

// As both engines begin a stream: no length, no chunks.
constexpr std::string_view kStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n";

http::Response refusal(unsigned status, const std::string& message) {
  return reply(status, json::serialize(json::object{{"message", message}}));
}

std::string key_of(const http::Request& request) {
  return request.method + " " + request.path.substr(request.path.rfind('/') + 1);
}

std::vector<std::string> texts(const json::value& list) {
  std::vector<std::string> result;
  for (const auto& item : list.as_array()) result.emplace_back(item.as_string());
  return result;
}

}  // namespace

std::string frame(unsigned stream, const std::string& payload) {
  std::string bytes{static_cast<char>(stream), 0, 0, 0};
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    bytes += static_cast<char>(payload.size() >> shift & 0xffU);
  return bytes + payload;
}

FakeEngine::FakeEngine(boost::asio::any_io_executor loop)
    : socket_(folder_.string() + "/engine.sock") {
  dump = [](Peer& peer, Exec& exec) -> Task<> {
    co_await peer.send(frame(1, "dump"));
    end(exec, 0);
  };
  ScriptedServer::Options options;
  options.address = socket_;
  server_ = std::make_unique<ScriptedServer>(std::move(loop), std::move(options));
  arm();
}

void FakeEngine::end(Exec& exec, int exit_code) {
  exec.phase = "ended";
  exec.exit_code = exit_code;
}

const FakeEngine::Exec* FakeEngine::exec_of(const std::string& program) const {
  for (const auto& [id, exec] : execs_)
    if (exec.argv.front() == program) return &exec;
  return nullptr;
}

std::size_t FakeEngine::count(const std::string& program) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      execs_, [&](const auto& entry) { return entry.second.argv.front() == program; }));
}

bool FakeEngine::quiet() const {
  return std::ranges::none_of(execs_,
                              [](const auto& entry) { return entry.second.phase == "running"; });
}

// The server takes one script for each connection; each provides for the next.
void FakeEngine::arm() {
  server_->script([this](Peer& peer) { return serve(peer); });
}

Task<> FakeEngine::serve(Peer& peer) {
  arm();
  const auto number = connections_++;
  if (dead) co_return;
  const auto request = co_await peer.request();
  if (stalled.contains(number)) co_await peer.stall();
  const auto key = key_of(request);
  if (before_answer) before_answer(key);
  if (dead) co_return;
  ++answers_;
  if (key != "POST start" || instead.contains(key) || status == "paused") {
    co_await peer.send(head_and_body(answer(request, key)));
    co_return;
  }
  co_await start(peer, execs_.at(split(request.path, '/').at(3)));
}

Task<> FakeEngine::start(Peer& peer, Exec& exec) {
  if (before_start && exec.argv.front() != "psql") co_await before_start(peer);
  co_await peer.send(std::string(kStreamHead));
  exec.phase = "running";
  if (exec.argv.front() == "psql") {
    co_await terminate(peer, exec);
  } else {
    co_await dump(peer, exec);
  }
}

FakeEngine::Exec* FakeEngine::running_dump(const std::string& statement) {
  for (auto& [id, exec] : execs_) {
    if (exec.argv.front() != "psql" && exec.phase == "running" &&
        statement.find("'" + exec.environment["PGAPPNAME"] + "'") != std::string::npos)
      return &exec;
  }
  return nullptr;
}

Task<> FakeEngine::terminate(Peer& peer, Exec& psql) {
  auto* dump_exec = running_dump(psql.argv.back());
  int sessions = other_sessions;
  if (dump_exec != nullptr) {
    ++sessions;
    if (stubborn-- <= 0) end(*dump_exec, 1);
  }
  end(psql, 0);
  for (int i = 0; i < sessions; ++i) co_await peer.send(frame(1, "t\n"));
}

http::Response FakeEngine::answer(const http::Request& request, const std::string& key) {
  if (const auto found = instead.find(key); found != instead.end()) return found->second;
  if (key == "GET _ping") {
    auto response = reply(200, "OK");
    response.headers.add("Api-Version", api_version);
    if (podman) response.headers.add("Libpod-Api-Version", "4.3.1");
    return response;
  }
  if (key == "POST start") return refusal(409, "Container db is paused");
  const auto parts = split(request.path, '/');
  if (parts.at(2) == "exec") return inspect_exec(parts.at(3));
  if (status == "absent") return refusal(404, "No such container: " + parts.at(3));
  if (key == "POST exec") return create(request);
  return inspect_container();
}

http::Response FakeEngine::create(const http::Request& request) {
  if (status == "exited") return refusal(podman ? 500 : 409, "Container c0ffee is not running");
  if (status != "running") return refusal(409, "Container c0ffee is " + status);
  const auto body = json::parse(request.body);
  Exec exec;
  exec.argv = texts(body.at("Cmd"));
  for (const auto& variable : texts(body.at("Env"))) {
    const auto equals = variable.find('=');
    exec.environment[variable.substr(0, equals)] = variable.substr(equals + 1);
  }
  if (const auto* user = body.as_object().if_contains("User")) exec.user = user->as_string();
  exec.tty = body.at("Tty").as_bool();
  const auto id = "e" + std::to_string(execs_.size());
  execs_[id] = std::move(exec);
  return reply(201, json::serialize(json::object{{"Id", id}}));
}

http::Response FakeEngine::inspect_container() const {
  const json::object state{{"Status", status},
                           {"StartedAt", started_at},
                           {"ExitCode", container_exit_code},
                           {"OOMKilled", out_of_memory}};
  return reply(200, json::serialize(json::object{{"Id", "c0ffee"}, {"State", state}}));
}

http::Response FakeEngine::inspect_exec(const std::string& id) {
  const auto found = execs_.find(id);
  if (found == execs_.end() || found->second.phase == "forgotten")
    return refusal(404, "No such exec instance: " + id);
  const auto& exec = found->second;
  bool running = exec.phase == "running";
  if (exec.phase == "ended" && slow_to_tell > 0) {
    --slow_to_tell;
    running = true;
  }
  const bool ended = exec.phase == "ended" && !running;
  json::object body{{"Running", running}, {"CanRemove", podman && ended}};
  body["ExitCode"] = ended || podman ? json::value(exec.exit_code) : json::value(nullptr);
  return reply(200, json::serialize(body));
}

}  // namespace snapshotter::test
