// A container engine that does what a test says, on a unix socket.
#pragma once

#include "async/event.hpp"
#include "support/scripted_server.hpp"
#include "support/temp_dir.hpp"
#include "target/postgresql/engine_client.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace snapshotter::test {

// A frame of the engine's streams.
[[nodiscard]] std::string frame(unsigned stream, const std::string& payload);

// One container 'db' with the id "c0ffee". psql ends the sessions of the name it is told: dumps
// that run under that name fail. Any other program is a dump. Loop thread.
class FakeEngine {
 public:
  struct Exec {
    std::vector<std::string> argv;
    std::map<std::string, std::string> environment;
    std::optional<std::string> user;
    bool tty = false;
    std::string phase = "created";  // running, ended, forgotten
    int exit_code = 0;
  };
  using Peer = ScriptedServer::Peer;

  explicit FakeEngine(boost::asio::any_io_executor loop);

  [[nodiscard]] std::string url() const { return "unix://" + socket_; }

  // The engine.
  std::string api_version = "1.41";
  bool podman = false;
  bool dead = false;  // accepts, and closes
  // Answers that take the place of the real ones, by "METHOD last-part-of-path": "GET _ping", "GET
  // json", "POST exec", "POST start".
  std::map<std::string, http::Response> instead;
  // These connections, counted from 0, are not answered.
  std::set<std::size_t> stalled;
  // Called before each answer, with its key as above.
  std::function<void(const std::string& key)> before_answer;

  // The container.
  std::string status = "running";  // or "absent"
  std::string started_at = "2026-11-24T01:00:00Z";
  int container_exit_code = 0;
  bool out_of_memory = false;

  // Awaited before the head of a dump's stream.
  std::function<Task<>(Peer& peer)> before_start;
  // What a dump does once its head was sent; by default it writes "dump" and ends well.
  std::function<Task<>(Peer& peer, Exec& exec)> dump;
  // For how many rounds of psql a dump puts up with having its sessions ended.
  int stubborn = 0;
  // Sessions psql finds when no dump runs.
  int other_sessions = 0;

  // How often "running" is still said of a program that has ended.
  int slow_to_tell = 0;

  [[nodiscard]] const std::map<std::string, Exec>& execs() const { return execs_; }
  [[nodiscard]] const Exec* exec_of(const std::string& program) const;
  [[nodiscard]] std::size_t count(const std::string& program) const;
  // No dump is running.
  [[nodiscard]] bool quiet() const;
  [[nodiscard]] const ScriptedServer& server() const { return *server_; }
  [[nodiscard]] std::size_t answers() const { return answers_; }

  // A program as a former daemon left it.
  void add_exec(const std::string& id, Exec exec) { execs_[id] = std::move(exec); }
  static void end(Exec& exec, int exit_code);

 private:
  void arm();
  Task<> serve(Peer& peer);
  Task<> start(Peer& peer, Exec& exec);
  Task<> terminate(Peer& peer, Exec& psql);
  http::Response answer(const http::Request& request, const std::string& key);
  http::Response create(const http::Request& request);
  http::Response inspect_container() const;
  http::Response inspect_exec(const std::string& id);
  Exec* running_dump(const std::string& statement);

  TempDir folder_;
  std::string socket_;
  std::unique_ptr<ScriptedServer> server_;
  std::map<std::string, Exec> execs_;
  std::size_t connections_ = 0;
  std::size_t answers_ = 0;
};

}  // namespace snapshotter::test
