// PostgreSQL's client programs, run where the server can be reached. Internal to this target.
//
// Two implementations: HostTools starts them as child processes of this machine, ContainerTools has
// a container engine run them inside the server's container. What to dump and how to look at it
// (dump_plan, dump_scanner) knows neither.
#pragma once

#include "base/secret.hpp"
#include "base/settings.hpp"
#include "http/client.hpp"
#include "target/target.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace snapshotter::target::postgresql {

// Called on one worker, with the bytes in order; may block, as on a full archive; what it throws
// ends the program and comes out of run().
using Output = std::function<void(std::span<const std::byte>)>;

struct ToolResult {
  int exit_code = 0;     // 128 + n when a signal ended it
  std::string messages;  // the end of its standard error, a few KiB
};

class ClientTools {
 public:
  virtual ~ClientTools() = default;
  // "container 'postgres'", "server /run/postgresql:5432": for errors; no secrets.
  [[nodiscard]] virtual std::string where() const = 0;

  // Runs argv[0] – "pg_dumpall", "pg_dump", "psql" – with these arguments; user, password and
  // where the server is are added here, by environment. Returns when the program has ended and all
  // its output was taken: whatever its exit code, which the caller judges. Loop thread.
  //
  // Throws DatabaseBackupError when the program could not be run, or its end can't be known for
  // sure: no such container, it was stopped or paused, it died meanwhile, the engine went away, the
  // program is not installed. A cancel, and an exception of `output`, end the program and its
  // session in the database, harm neither the server nor other sessions, and leave nothing running.
  [[nodiscard]] virtual Task<ToolResult> run(std::vector<std::string> argv, const Output& output,
                                             Surroundings& surroundings) = 0;
  // Ends what a killed daemon left running.
  [[nodiscard]] virtual Task<> recover(Surroundings& surroundings) = 0;
};

struct Login {
  std::string user = "postgres";
  Secret password;
};

struct HostSettings {
  Login login;
  // A socket's folder, or a host name or address; empty: libpq's default.
  std::string host;
  std::uint16_t port = 5432;
  std::string sslmode;  // empty: libpq's default
  std::string service;  // of pg_service.conf; then the others may be empty
  std::string bin_dir;  // where the programs are; empty: PATH
  // A program that writes nothing for so long, while what it wrote was taken, is ended: a dump may
  // wait for a lock without a word.
  Duration stall_timeout = std::chrono::minutes{30};
};
// Child processes that end with the daemon; a server's service or host and port are in where().
// Throws DatabaseBackupError where a program is not installed. Nothing of a login is in an
// argument.
[[nodiscard]] std::unique_ptr<ClientTools> make_host_tools(HostSettings settings);

struct ContainerSettings {
  Login login;
  std::string container;                               // name or id
  std::string engine = "unix:///var/run/docker.sock";  // http:// and https:// too
  http::TlsOptions engine_tls;                         // of https://
  std::string container_user;  // whom the programs run as in the container; empty: its default
  Duration stall_timeout = std::chrono::minutes{30};  // a dump may wait for a lock without a word
};
[[nodiscard]] std::unique_ptr<ClientTools> make_container_tools(ContainerSettings settings);

// The keys of a configuration that say where the engine is: `engine`, `engine_ca_file`,
// `engine_client_certificate`, `engine_client_key`. Bad values become problems there.
void read_engine(settings::Section& section, ContainerSettings& settings);

}  // namespace snapshotter::target::postgresql
