#include "http/url.hpp"

#include "base/error.hpp"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace snapshotter::http {
namespace {

constexpr std::size_t kLongestSocketPath = sizeof(sockaddr_un::sun_path) - 1;

[[noreturn]] void refuse(std::string why, std::string advice = {}) {
  throw ConfigError({"read URL", "", std::move(why), std::move(advice)});
}

// Not the functions of <cctype>: those ask the locale.
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// The byte behind a '%', or -1.
int escaped(std::string_view text, std::size_t percent) {
  if (percent + 2 >= text.size()) return -1;
  const int high = hex_value(text[percent + 1]);
  const int low = hex_value(text[percent + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

constexpr auto kBadEscape = "it holds a '%' without two hexadecimal digits behind it";

std::string percent_decode(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    const int byte = escaped(text, i);
    if (byte < 0) refuse(kBadEscape, "write a '%' itself as %25");
    if (byte < 0x20 || byte == 0x7f) refuse("its user name or password holds a control character");
    result += static_cast<char>(byte);
    i += 2;
  }
  return result;
}

void check_characters(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f) refuse("it holds a blank or a control character");
    if (byte > 0x7f) refuse("it holds a character that is not ASCII", "percent-encode it");
    if (c == '\\') refuse("it holds a backslash");
  }
}

void check_escapes(std::string_view text) {
  for (std::size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 1)) {
    if (escaped(text, i) < 0) refuse(kBadEscape, "write a '%' itself as %25");
  }
}

bool is_ipv4(const std::string& text) {
  in_addr address{};
  return ::inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool is_ipv6(const std::string& text) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

std::string read_name(std::string_view text) {
  std::string name(text);
  std::ranges::transform(name, name.begin(), lower);
  if (name.empty() || name.size() > 253) refuse("its host is empty or longer than 253 characters");
  const bool good = std::ranges::all_of(
      name, [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_'; });
  if (!good) refuse("its host holds a character that no host name has");
  // What ends in a number is an address, and resolvers read "127.1" in surprising ways.
  const auto last =
      name.find_last_not_of('.') == std::string::npos ? "" : name.substr(name.rfind('.') + 1);
  if (!last.empty() && std::ranges::all_of(last, is_digit) && !is_ipv4(name)) {
    refuse("its host is neither a name nor an IPv4 address");
  }
  return name;
}

std::uint16_t read_port(std::string_view text, std::uint16_t otherwise) {
  if (text.empty()) return otherwise;
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || after != end || port == 0) {
    refuse("its port is no number from 1 to 65535",
           "percent-encode '/', '?', '#' and '@' in a password");
  }
  return port;
}

void read_user(std::string_view text, Url& url) {
  const auto colon = text.find(':');
  url.user = percent_decode(text.substr(0, colon));
  if (url.user.find(':') != std::string::npos) {
    refuse("its user name holds a ':'", "basic authentication has no way to send that");
  }
  if (colon != std::string_view::npos)
    url.password = Secret(percent_decode(text.substr(colon + 1)));
}

void read_host_and_port(std::string_view text, Url& url) {
  const std::uint16_t usual = url.scheme == Url::Scheme::https ? 443 : 80;
  if (text.starts_with('[')) {
    const auto bracket = text.find(']');
    url.host = text.substr(1, bracket == std::string_view::npos ? bracket : bracket - 1);
    if (bracket == std::string_view::npos || !is_ipv6(url.host)) {
      refuse("what stands in [] is no IPv6 address");
    }
    const auto rest = text.substr(bracket + 1);
    if (!rest.empty() && rest.front() != ':') refuse("something stands between ']' and the port");
    url.port = read_port(rest.empty() ? rest : rest.substr(1), usual);
    return;
  }
  const auto colon = text.find(':');
  if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos) {
    refuse("its host holds more than one ':'", "write an IPv6 address as [::1]");
  }
  url.host = read_name(text.substr(0, colon));
  url.port = read_port(colon == std::string_view::npos ? "" : text.substr(colon + 1), usual);
}

void read_authority(std::string_view text, Url& url) {
  const auto at = text.find('@');
  if (at == std::string_view::npos) return read_host_and_port(text, url);
  if (text.find('@', at + 1) != std::string_view::npos) {
    refuse("it holds more than one '@' before the host", "write an '@' in a password as %40");
  }
  read_user(text.substr(0, at), url);
  read_host_and_port(text.substr(at + 1), url);
}

Url read_unix(std::string_view path) {
  if (!path.starts_with('/')) refuse("a unix socket needs its absolute path: unix:///run/x.sock");
  if (path.size() > kLongestSocketPath) {
    refuse("the path of a unix socket has " + std::to_string(kLongestSocketPath) +
           " bytes at most");
  }
  if (std::ranges::any_of(path, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    refuse("it holds a control character");
  }
  Url url;
  url.scheme = Url::Scheme::unix_socket;
  url.host = path;
  url.port = 0;
  return url;
}

}  // namespace

Url Url::parse(std::string_view text) {
  const auto colon = text.find("://");
  std::string scheme(text.substr(0, colon == std::string_view::npos ? 0 : colon));
  std::ranges::transform(scheme, scheme.begin(), lower);
  const auto rest = colon == std::string_view::npos ? "" : text.substr(colon + 3);
  if (scheme == "unix") return read_unix(rest);
  Url url;
  if (scheme == "https") {
    url.scheme = Scheme::https;
  } else if (scheme != "http") {
    refuse("it does not begin with http://, https:// or unix:///");
  }
  check_characters(text);

  const auto whole = rest.substr(0, rest.find('#'));
  const auto authority = whole.substr(0, whole.find_first_of("/?"));
  auto behind = whole.substr(authority.size());
  // "http://user:12/34@host": a password with a '/' would become a host, a port and a path.
  if (authority.find('@') == std::string_view::npos &&
      authority.find(':') != std::string_view::npos && rest.find('@') != std::string_view::npos) {
    refuse("it holds an '@' behind host and port",
           "percent-encode '/', '?' and '#' in a password; write %40 for an '@' in a path");
  }
  read_authority(authority, url);
  check_escapes(behind);
  if (const auto question = behind.find('?'); question != std::string_view::npos) {
    url.query = behind.substr(question + 1);
    behind = behind.substr(0, question);
  }
  if (!behind.empty()) url.path = behind;
  return url;
}

std::string Url::authority() const {
  if (scheme == Scheme::unix_socket) return "localhost";
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  const bool usual = port == (scheme == Scheme::https ? 443 : 80);
  return usual ? name : name + ":" + std::to_string(port);
}

std::string Url::origin() const {
  switch (scheme) {
    case Scheme::http:
      return "http://" + authority();
    case Scheme::https:
      return "https://" + authority();
    case Scheme::unix_socket:
      break;
  }
  return "unix://" + host;
}

std::string percent_encode(std::string_view text) {
  static constexpr auto kDigits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    if (is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      result += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    result += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
  }
  return result;
}

}  // namespace snapshotter::http
