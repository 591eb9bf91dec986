#include "http/url.hpp"

#include "base/error.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace snapshotter;
using namespace snapshotter::test;
using http::Url;
using Scheme = Url::Scheme;

namespace {

struct Good {
  std::string text;
  Scheme scheme;
  std::string host;
  int port;
  std::string path;
  std::string query;
  std::string user;
  std::string password;
  std::string authority;
  std::string origin;
};

const std::vector<Good> kGood{
    {"http://a", Scheme::http, "a", 80, "/", "", "", "", "a", "http://a"},
    {"HTTP://Example.COM", Scheme::http, "example.com", 80, "/", "", "", "", "example.com",
     "http://example.com"},
    {"https://a.b/c/d?e=f&g#h", Scheme::https, "a.b", 443, "/c/d", "e=f&g", "", "", "a.b",
     "https://a.b"},
    {"https://a:8443?x", Scheme::https, "a", 8443, "/", "x", "", "", "a:8443", "https://a:8443"},
    {"https://a:443/", Scheme::https, "a", 443, "/", "", "", "", "a", "https://a"},
    {"http://a:443/", Scheme::http, "a", 443, "/", "", "", "", "a:443", "http://a:443"},
    {"http://a:/", Scheme::http, "a", 80, "/", "", "", "", "a", "http://a"},
    {"http://a#f", Scheme::http, "a", 80, "/", "", "", "", "a", "http://a"},
    {"http://a/%2f//b/../c;d", Scheme::http, "a", 80, "/%2f//b/../c;d", "", "", "", "a",
     "http://a"},
    {"http://a/x?y?z/@", Scheme::http, "a", 80, "/x", "y?z/@", "", "", "a", "http://a"},
    {"http://[::1]:9090/m", Scheme::http, "::1", 9090, "/m", "", "", "", "[::1]:9090",
     "http://[::1]:9090"},
    {"http://[2001:db8::1]", Scheme::http, "2001:db8::1", 80, "/", "", "", "", "[2001:db8::1]",
     "http://[2001:db8::1]"},
    {"http://127.0.0.1:1", Scheme::http, "127.0.0.1", 1, "/", "", "", "", "127.0.0.1:1",
     "http://127.0.0.1:1"},
    {"http://u:p@a/", Scheme::http, "a", 80, "/", "", "u", "p", "a", "http://a"},
    {"http://u@a/", Scheme::http, "a", 80, "/", "", "u", "", "a", "http://a"},
    {"http://u%40b:p%2F%3a:q@a:8080/", Scheme::http, "a", 8080, "/", "", "u@b", "p/::q", "a:8080",
     "http://a:8080"},
    {"unix:///run/docker.sock", Scheme::unix_socket, "/run/docker.sock", 0, "/", "", "", "",
     "localhost", "unix:///run/docker.sock"},
    {"unix:///run/a b%20c", Scheme::unix_socket, "/run/a b%20c", 0, "/", "", "", "", "localhost",
     "unix:///run/a b%20c"},
};

const std::vector<std::string> kBad{
    "",
    "a",
    "/a",
    "http:",
    "http:/a",
    "http:///a",
    "http://",
    "http://:80",
    "http://?x",
    "ftp://a",
    "file:///etc/passwd",
    "http//a",
    "javascript://a",
    "http://a:0",
    "http://a:65536",
    "http://a:-1",
    "http://a:8o",
    "http://a:80:80",
    "http://::1",
    "http://[::1",
    "http://[::1]x",
    "http://[::g]",
    "http://[127.0.0.1]",
    "http://[fe80::1%25eth0]",
    "http://1.2.3",
    "http://127.1",
    "http://1.2.3.256",
    "http://a b",
    "http://a/b c",
    "http://a/\n",
    "http://a/\r\nX: y",
    std::string("http://a/\0", 10),
    "http://a/\x7f",
    "http://a/\xc3\xa4",
    "http://\xc3\xa4.de",
    "http://a\\b",
    "http://a%41",
    "http://a/%",
    "http://a/%4",
    "http://a/%zz",
    "http://a/?%zz",
    "http://u%0a@a",
    "http://u:p%00@a",
    "http://u%zz@a",
    "http://u%3ax:p@a",
    " http://a",
    "http://a ",
    "unix://run/x",
    "unix://",
    "unix:/run/x",
    "unix:///run/\n",
    "unix:///" + std::string(107, 'x'),
    "http://" + std::string(254, 'a'),
};

}  // namespace

TEST_CASE("URLs are read into their parts") {
  for (const Good& good : kGood) {
    CAPTURE(good.text);
    const Url url = Url::parse(good.text);
    CHECK(url.scheme == good.scheme);
    CHECK(url.host == good.host);
    CHECK(url.port == good.port);
    CHECK(url.path == good.path);
    CHECK(url.query == good.query);
    CHECK(url.user == good.user);
    CHECK(url.password.reveal() == good.password);
    CHECK(url.authority() == good.authority);
    CHECK(url.origin() == good.origin);
  }
}

TEST_CASE("what is no URL is refused") {
  for (const std::string& text : kBad) {
    CAPTURE(text);
    CHECK_THROWS_AS(Url::parse(text), ConfigError);
  }
}

TEST_CASE("the longest path of a socket") {
  CHECK(Url::parse("unix:///" + std::string(106, 'x')).host.size() == 107);
}

TEST_CASE("no refusal quotes a password, percent-encoded or not") {
  const std::vector<std::string> texts{
      "http://user:hunter2@a:99999",      "http://user:hunter2/x@a",  "http://user:hunter2?x@a",
      "http://user:hunter2#x@a",          "http://user:hunter2@b@a",  "http://user:12hunter2/@a",
      "http://user:12/hunter2@a",         "http://user:12?hunter2@a", "http://user:12#hunter2@a",
      "http://user:hunter2%zz@a",         "http://user:hunter2@",     "user:hunter2@a",
      "http://user:hunter2\n@a",          "http://user:hunter2@[a",   "https:/user:hunter2@a",
      "http://user:hunter2@exa mple.org", "ftp://user:hunter2@a"};
  for (const std::string& text : texts) {
    CAPTURE(text);
    try {
      static_cast<void>(Url::parse(text));
      FAIL("taken for good");
    } catch (const ConfigError& error) {
      CHECK(std::string(error.what()).find("hunter2") == std::string::npos);
    }
  }
}

TEST_CASE("percent-encoding leaves only unreserved characters") {
  CHECK(http::percent_encode("azAZ09-._~") == "azAZ09-._~");
  CHECK(http::percent_encode("a b/c?d=%&+\xc3\xa4") == "a%20b%2Fc%3Fd%3D%25%26%2B%C3%A4");
  CHECK(http::percent_encode(std::string("\0\xff", 2)) == "%00%FF");
  CHECK(http::percent_encode("").empty());
}
