#include "base/error.hpp"
#include "target/postgresql/postgresql_target.hpp"

#include <charconv>
#include <initializer_list>
#include <utility>

namespace snapshotter::target {
namespace {

using postgresql::ContainerSettings;
using postgresql::DumpSettings;
using postgresql::HostSettings;

bool has(settings::Section& section, std::string_view key) { return section.node(key) != nullptr; }

// Reports those of the keys that make no sense together with another.
void refuse(settings::Section& section, std::initializer_list<std::string_view> keys,
            const std::string& why) {
  for (const auto key : keys) {
    if (has(section, key)) section.problem(key, why);
  }
}

// "/run/postgresql/.s.PGSQL.5433" → folder and port; a folder stays as it is.
void use_socket(const std::string& path, HostSettings& settings) {
  constexpr std::string_view kSocket = "/.s.PGSQL.";
  settings.host = path;
  const std::size_t at = path.rfind(kSocket);
  if (at == std::string::npos) return;
  const std::string number = path.substr(at + kSocket.size());
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), port);
  if (error != std::errc() || end != number.data() + number.size() || port == 0) return;
  settings.host = path.substr(0, at);
  settings.port = port;
}

HostSettings read_host(settings::Section& section) {
  HostSettings settings;
  settings.host = section.text("host").value_or("");
  if (settings.host.starts_with('/')) section.problem("host", "is a path: write it as 'socket'");
  const auto port = section.integer("port", 1, 65535);
  if (port) settings.port = static_cast<std::uint16_t>(*port);
  if (const auto socket = section.path("socket")) {
    use_socket(*socket, settings);
    refuse(section, {"host"}, "does not go with 'socket'");
    if (port && settings.port != *port) section.problem("port", "is not the socket's");
  }
  settings.service = section.text("service").value_or("");
  settings.sslmode =
      section
          .choice("sslmode", {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})
          .value_or("");
  settings.bin_dir = section.path("bin_dir").value_or("");
  return settings;
}

ContainerSettings read_container(settings::Section& section) {
  ContainerSettings settings;
  settings.container = section.text("container").value_or("");
  settings.container_user = section.text("container_user").value_or("");
  postgresql::read_engine(section, settings);
  return settings;
}

DumpSettings read_dump(settings::Section& section) {
  DumpSettings settings;
  const auto method = section.choice("method", {"dumpall", "per_database"});
  const auto format = section.choice("format", {"plain", "custom"});
  settings.databases = section.texts("databases");
  settings.exclude_databases = section.texts("exclude_databases");
  if (method == "per_database") settings.method = DumpSettings::Method::per_database;
  if (format == "custom") settings.format = DumpSettings::Format::custom;
  if (settings.method == DumpSettings::Method::dumpall) {
    refuse(section, {"databases"},
           "needs 'method: per_database'; pg_dumpall can only leave databases out "
           "('exclude_databases')");
    refuse(section, {"format"}, "needs 'method: per_database'");
  }
  return settings;
}

std::string description(const HostSettings& host) {
  if (!host.service.empty()) return "PostgreSQL service '" + host.service + "'";
  if (host.host.empty()) return "PostgreSQL of this host, port " + std::to_string(host.port);
  const bool usual = host.port == 5432;
  return "PostgreSQL at " + host.host + (usual ? "" : ":" + std::to_string(host.port));
}

}  // namespace

std::shared_ptr<BackupTarget> postgresql_target_from(const std::string& /*name*/,
                                                     settings::Section& section) {
  HostSettings host = read_host(section);
  ContainerSettings container = read_container(section);
  if (const auto user = section.text("user")) host.login.user = *user;
  if (const auto password = section.secret("password")) host.login.password = *password;
  if (const auto timeout = section.duration("stall_timeout")) {
    host.stall_timeout = *timeout;
    if (*timeout <= Duration::zero()) section.problem("stall_timeout", "must be longer than 0");
  }
  container.login = host.login;
  container.stall_timeout = host.stall_timeout;
  const DumpSettings dump = read_dump(section);

  const bool contained = has(section, "container");
  if (contained) {
    refuse(section, {"host", "port", "socket", "service", "sslmode", "bin_dir"},
           "does not go with 'container': the programs run inside of it");
  } else {
    refuse(section,
           {"engine", "engine_ca_file", "engine_client_certificate", "engine_client_key",
            "container_user"},
           "needs 'container'");
    if (has(section, "service")) {
      refuse(section, {"host", "socket"}, "does not go with 'service'");
    }
  }
  if (!section.problems().empty()) return nullptr;

  PostgresqlSettings settings{dump, {}, host.login.password};
  if (contained) {
    settings.description = "PostgreSQL in container '" + container.container + "'";
    return make_postgresql_target(std::move(settings),
                                  postgresql::make_container_tools(std::move(container)));
  }
  settings.description = description(host);
  return make_postgresql_target(std::move(settings), postgresql::make_host_tools(std::move(host)));
}

}  // namespace snapshotter::target
