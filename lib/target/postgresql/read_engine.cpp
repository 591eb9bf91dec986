#include "base/error.hpp"
#include "http/url.hpp"
#include "target/postgresql/client_tools.hpp"

#include <string>

namespace snapshotter::target::postgresql {
namespace {

// Empty: nothing.
std::string what_is_wrong(const std::string& engine) {
  // What DOCKER_HOST holds; the engine behind it speaks plain HTTP, or HTTPS with certificates.
  if (engine.starts_with("tcp://")) return "write http:// or https:// instead of tcp://";
  if (engine.starts_with('/')) return "a socket is written unix://" + engine;
  try {
    const auto url = http::Url::parse(engine);
    if (url.path != "/" || !url.query.empty()) return "must end after host and port";
    if (!url.user.empty() || !url.password.empty())
      return "an engine knows no user and password: use https:// and a client certificate";
    return {};
  } catch (const ConfigError& error) {
    return error.why();
  }
}

}  // namespace

void read_engine(settings::Section& section, ContainerSettings& settings) {
  if (const auto engine = section.text("engine")) {
    settings.engine = *engine;
    if (const auto wrong = what_is_wrong(*engine); !wrong.empty()) section.problem("engine", wrong);
  }
  if (const auto file = section.path("engine_ca_file")) settings.engine_tls.ca_file = *file;
  if (const auto file = section.path("engine_client_certificate"))
    settings.engine_tls.certificate_file = *file;
  if (const auto file = section.path("engine_client_key")) settings.engine_tls.key_file = *file;
  if (settings.engine_tls.certificate_file.empty() != settings.engine_tls.key_file.empty())
    section.problem("", "'engine_client_certificate' and 'engine_client_key' go together");
  const auto& tls = settings.engine_tls;
  if (!settings.engine.starts_with("https://") &&
      !(tls.ca_file.empty() && tls.certificate_file.empty() && tls.key_file.empty()))
    section.problem("engine", "must begin with https:// for certificates to be of use");
}

}  // namespace snapshotter::target::postgresql
