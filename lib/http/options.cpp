#include "base/text.hpp"
#include "http/client.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace snapshotter::http {
namespace {

using settings::Node;
using settings::Section;

// Values of headers; a secret out of a file may come with a line break at its end.
bool fits_a_header(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

// No message quotes the value, and a password that was written in it is told to Problems.
bool read_url(Section& section, std::string_view key, Url& url) {
  const auto text = section.text(key);
  if (!text) return false;
  try {
    url = Url::parse(*text);
  } catch (const ConfigError& error) {
    std::string message = "is not a URL: " + error.why();
    if (!error.advice().empty()) message += " (" + error.advice() + ")";
    section.problem(key, std::move(message));
    return false;
  }
  const Node& node = *section.node(key);
  if (!url.password.empty() && !node.interpolated) {
    section.problems().note_literal_secret(node.where);
  }
  return true;
}

// Its host and port already say where to: a path would be dropped in silence.
void check_proxy(Section& section, const ClientOptions& options) {
  if (options.proxy->scheme != Url::Scheme::http) {
    section.problem("proxy", "must begin with http://");
  } else if (options.proxy->path != "/" || !options.proxy->query.empty()) {
    section.problem("proxy", "must be a host and a port, without a path");
  }
  if (options.url.scheme == Url::Scheme::unix_socket) {
    section.problem("proxy", "leads nowhere when 'url' is a unix socket; leave it out");
  }
}

void read_basic(Section& section, Url& url) {
  const auto user = section.text("username");
  const auto password = section.secret("password");
  if (!user && password) section.problem("password", "needs 'username'");
  if (!user) return;
  if (!url.user.empty() || !url.password.empty()) {
    section.problem("username", "is given, and 'url' has a user as well; leave one out");
  }
  if (user->empty() || user->find(':') != std::string::npos || !fits_a_header(*user)) {
    section.problem("username", "must not be empty nor hold ':' or a line break");
  }
  url.user = *user;
  if (!password) return;
  if (!fits_a_header(password->reveal())) {
    section.problem("password", "holds a line break or a control character");
  }
  url.password = *password;
}

void read_bearer(Section& section, ClientOptions& options) {
  auto token = section.secret("bearer_token");
  if (!token) return;
  if (!options.url.user.empty()) {
    section.problem("bearer_token", "is given, and a user name as well; leave one out");
  }
  if (token->empty() || !fits_a_header(token->reveal())) {
    section.problem("bearer_token", "is empty, or holds a line break or a control character");
  }
  options.bearer = *std::move(token);
}

// Where the URL is no good, nobody knows whether these are of use.
void read_tls(Section& section, ClientOptions& options, bool url_known) {
  TlsOptions& tls = options.tls;
  tls.ca_file = section.path("ca_file").value_or("");
  tls.certificate_file = section.path("client_certificate").value_or("");
  tls.key_file = section.path("client_key").value_or("");
  tls.server_name = section.text("server_name").value_or("");
  const bool certificate = section.node("client_certificate") != nullptr;
  const bool key = section.node("client_key") != nullptr;
  if (certificate && !key) section.problem("client_certificate", "needs 'client_key'");
  if (key && !certificate) section.problem("client_key", "needs 'client_certificate'");
  if (!url_known || options.url.scheme == Url::Scheme::https) return;
  for (const auto* name : {"ca_file", "client_certificate", "client_key", "server_name"}) {
    if (section.node(name) != nullptr) {
      section.problem(name, "is of use with https:// only, and 'url' is not");
    }
  }
}

}  // namespace

ClientOptions read_client_options(Section& section, UnixSockets sockets) {
  ClientOptions options;
  section.require("url");
  const Node* const written = section.node("url");
  const bool has_value = written != nullptr && written->kind != Node::Kind::null;
  bool known = has_value && read_url(section, "url", options.url);
  if (known && options.url.scheme == Url::Scheme::unix_socket && sockets == UnixSockets::no) {
    section.problem("url", "must begin with http:// or https://");
    known = false;
  }
  read_basic(section, options.url);
  read_bearer(section, options);
  read_tls(section, options, known);
  Url proxy;
  if (read_url(section, "proxy", proxy)) {
    options.proxy = std::move(proxy);
    check_proxy(section, options);
  }
  return options;
}

}  // namespace snapshotter::http
