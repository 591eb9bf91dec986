#include "http/redirect.hpp"

#include "base/text.hpp"
#include "http/failure.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace snapshotter::http {
namespace {

using Step = HttpError::Step;

bool is_redirect(unsigned status) {
  static constexpr std::array<unsigned, 5> kStatuses{301, 302, 303, 307, 308};
  return std::ranges::find(kStatuses, status) != kStatuses.end();
}

// RFC 3986, 5.2.4.
std::string without_dots(std::string_view path) {
  std::vector<std::string> kept;
  const auto segments = split(path, '/');
  for (std::size_t i = 1; i < segments.size(); ++i) {
    const bool last = i + 1 == segments.size();
    if (segments[i] == "..") {
      if (!kept.empty()) kept.pop_back();
      if (last) kept.emplace_back();
    } else if (segments[i] == ".") {
      if (last) kept.emplace_back();
    } else {
      kept.push_back(segments[i]);
    }
  }
  return "/" + join(kept, "/");
}

bool has_scheme(std::string_view text) {
  const auto colon = text.find(':');
  return colon != std::string_view::npos && colon < text.find_first_of("/?#");
}

std::string_view scheme_of(const Url& url) {
  return url.scheme == Url::Scheme::https ? "https:" : "http:";
}

bool same_origin(const Url& one, const Url& other) {
  return one.scheme == other.scheme && one.host == other.host && one.port == other.port;
}

std::string_view small_name(std::string& name) {
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return name;
}

Headers keep(const Headers& headers, bool body, bool credentials) {
  Headers kept;
  for (const auto& [name, value] : headers.all()) {
    std::string copy = name;
    const auto small = small_name(copy);
    const bool about_body = small.starts_with("content-");
    const bool harmless = about_body || small.starts_with("accept") || small == "user-agent";
    if ((body || !about_body) && (credentials || harmless)) kept.add(name, value);
  }
  return kept;
}

bool becomes_get(const Request& request, unsigned status) {
  if (request.method == "GET" || request.method == "HEAD") return false;
  return status == 303 || (request.method == "POST" && (status == 301 || status == 302));
}

Url target(const ClientOptions& options, const Request& request, const std::string& location) {
  const std::string origin = options.url.origin();
  Url url;
  try {
    url = resolve_reference(options.url, request.path, location);
  } catch (const ConfigError& error) {
    throw failure(Step::protocol, origin, "it redirects to what is no URL: " + error.why());
  }
  if (options.url.scheme == Url::Scheme::https && url.scheme == Url::Scheme::http) {
    throw failure(Step::protocol, origin, "it redirects from https to http");
  }
  const bool from_socket = options.url.scheme == Url::Scheme::unix_socket;
  const bool to_socket = url.scheme == Url::Scheme::unix_socket;
  if ((from_socket || to_socket) && !same_origin(options.url, url)) {
    throw failure(Step::protocol, origin, "it redirects to or from a unix socket");
  }
  return url;
}

}  // namespace

Url resolve_reference(const Url& base, std::string_view path, std::string_view reference) {
  reference = reference.substr(0, reference.find('#'));
  Url result;
  if (has_scheme(reference)) {
    result = Url::parse(reference);
  } else if (reference.starts_with("//")) {
    result = Url::parse(std::string(scheme_of(base)) + std::string(reference));
  } else {
    const auto old_path = path.substr(0, path.find('?'));
    std::string whole;
    if (reference.empty()) {
      whole = path;
    } else if (reference.starts_with('/')) {
      whole = reference;
    } else if (reference.starts_with('?')) {
      whole = std::string(old_path) + std::string(reference);
    } else {
      whole = std::string(old_path.substr(0, old_path.rfind('/') + 1)) + std::string(reference);
    }
    // Only for its reading of path and query.
    result = Url::parse("http://localhost" + whole);
    result.scheme = base.scheme;
    result.host = base.host;
    result.port = base.port;
  }
  if (result.scheme != Url::Scheme::unix_socket || result.path != "/") {
    result.path = without_dots(result.path);
  }
  result.user.clear();
  result.password = Secret();
  return result;
}

std::optional<Redirect> redirect(const ClientOptions& options, const Request& request,
                                 const Response& response) {
  const auto location = response.headers.find("Location");
  if (!is_redirect(response.status) || !location) return std::nullopt;
  Redirect next{options, request};
  next.options.url = target(options, request, *location);
  const Url& url = next.options.url;
  next.request.path = url.query.empty() ? url.path : url.path + "?" + url.query;
  const bool get = becomes_get(request, response.status);
  if (get) {
    next.request.method = "GET";
    next.request.body.clear();
  }
  const bool same = same_origin(options.url, url);
  next.request.headers = keep(request.headers, !get, same);
  if (same) {
    next.options.url.user = options.url.user;
    next.options.url.password = options.url.password;
  } else {
    next.options.bearer = Secret();
    next.options.tls.certificate_file.clear();
    next.options.tls.key_file.clear();
    next.options.tls.server_name.clear();
  }
  return next;
}

}  // namespace snapshotter::http
