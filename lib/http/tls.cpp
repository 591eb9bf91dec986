#include "http/tls.hpp"

#include "async/cleanup.hpp"
#include "base/text.hpp"
#include "http/failure.hpp"
#include "platform/unique_fd.hpp"

#include <arpa/inet.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace snapshotter::http {
namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;

namespace {

using Step = HttpError::Step;

// The bundle of all public authorities has 220 KiB.
constexpr std::size_t kLargestFile = 8 * 1024 * 1024;

class TlsStream final : public Stream {
 public:
  TlsStream(Socket socket, std::unique_ptr<ssl::context> context)
      : context_(std::move(context)), stream_(std::move(socket), *context_) {}

  Task<Outcome> read_some(std::span<std::byte> into) override {
    co_await async::check_cancelled();
    Outcome outcome;
    outcome.bytes =
        co_await stream_.async_read_some(asio::buffer(into.data(), into.size()),
                                         asio::redirect_error(asio::use_awaitable, outcome.error));
    if (outcome.error) co_await async::check_cancelled();
    co_return outcome;
  }

  Task<Outcome> write_some(std::span<const std::byte> from) override {
    co_await async::check_cancelled();
    Outcome outcome;
    outcome.bytes =
        co_await stream_.async_write_some(asio::buffer(from.data(), from.size()),
                                          asio::redirect_error(asio::use_awaitable, outcome.error));
    if (outcome.error) co_await async::check_cancelled();
    co_return outcome;
  }

  Task<boost::system::error_code> handshake() {
    co_await async::check_cancelled();
    boost::system::error_code error;
    co_await stream_.async_handshake(ssl::stream_base::client,
                                     asio::redirect_error(asio::use_awaitable, error));
    if (error) co_await async::check_cancelled();
    co_return error;
  }

  void interrupt() noexcept override {
    boost::system::error_code ignored;
    stream_.next_layer().cancel(ignored);
  }

  [[nodiscard]] bool readable() const override { return false; }
  [[nodiscard]] SSL* handle() { return stream_.native_handle(); }

 private:
  std::unique_ptr<ssl::context> context_;
  ssl::stream<Socket> stream_;
};

// Makes the context of one connection; `origin` and `options` are for its errors.
class ContextMaker {
 public:
  explicit ContextMaker(const ClientOptions& options)
      : origin_(options.url.origin()), tls_(options.tls) {}

  std::unique_ptr<ssl::context> make() {
    auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
    ::SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    context->set_verify_mode(ssl::verify_peer);
    // An encrypted key must not make OpenSSL ask the terminal.
    context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return ""; });
    boost::system::error_code error;
    if (tls_.ca_file.empty()) {
      context->set_default_verify_paths(error);
      if (error) refuse("the system's certificates cannot be read: " + error.message());
    } else {
      trust(*context, tls_.ca_file);
    }
    if (!tls_.certificate_file.empty()) show(*context);
    return context;
  }

 private:
  [[noreturn]] void refuse(const std::string& why, int error_number = 0) const {
    throw failure(Step::tls, origin_, why,
                  error_number == EACCES ? "let the service's user read it" : "", error_number);
  }

  [[noreturn]] void unreadable(const char* key, const std::string& path, int error_number) const {
    refuse(std::string(key) + " '" + path + "' cannot be read: " + error_text(error_number),
           error_number);
  }

  Secret read(const char* key, const std::string& path) const {
    // Opening a pipe must not block.
    const platform::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0) unreadable(key, path, errno);
    if (!S_ISREG(info.st_mode) || static_cast<std::size_t>(info.st_size) > kLargestFile) {
      refuse(std::string(key) + " '" + path + "' is no file of at most 8 MiB");
    }
    std::string content(static_cast<std::size_t>(info.st_size), '\0');
    std::size_t size = 0;
    while (size < content.size()) {
      const auto bytes = ::read(file.get(), content.data() + size, content.size() - size);
      if (bytes < 0 && errno != EINTR) unreadable(key, path, errno);
      if (bytes == 0) break;
      if (bytes > 0) size += static_cast<std::size_t>(bytes);
    }
    content.resize(size);
    return Secret(std::move(content));
  }

  void trust(ssl::context& context, const std::string& path) const {
    const Secret content = read("ca_file", path);
    boost::system::error_code error;
    context.add_certificate_authority(asio::buffer(content.reveal()), error);
    // Asio takes a file without any certificate for good.
    const bool some = content.reveal().find("CERTIFICATE-----") != std::string::npos;
    if (error || !some) refuse("ca_file '" + path + "' holds no certificate in PEM");
  }

  void show(ssl::context& context) const {
    const Secret certificate = read("client_certificate", tls_.certificate_file);
    const Secret key = read("client_key", tls_.key_file);
    boost::system::error_code error;
    context.use_certificate_chain(asio::buffer(certificate.reveal()), error);
    if (error) {
      refuse("client_certificate '" + tls_.certificate_file + "' is no certificate in PEM");
    }
    context.use_private_key(asio::buffer(key.reveal()), ssl::context::pem, error);
    if (error) {
      refuse("client_key '" + tls_.key_file +
             "' is no key in PEM without a password, or does not belong to the certificate");
    }
  }

  std::string origin_;
  const TlsOptions& tls_;
};

bool is_address(const std::string& name) {
  in6_addr space{};
  return ::inet_pton(AF_INET, name.c_str(), &space) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), &space) == 1;
}

// What the certificate must name, and, for servers with several, which one is meant (SNI).
void expect_name(SSL* handle, const ClientOptions& options) {
  std::string name = options.tls.server_name.empty() ? options.url.host : options.tls.server_name;
  X509_VERIFY_PARAM* const wanted = ::SSL_get0_param(handle);
  ::X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  bool good = false;
  if (is_address(name)) {
    good = ::X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str()) == 1;
  } else {
    if (name.ends_with('.')) name.pop_back();  // of the DNS, unknown to certificates
    good = ::X509_VERIFY_PARAM_set1_host(wanted, name.c_str(), name.size()) == 1 &&
           ::SSL_set_tlsext_host_name(handle, name.c_str()) == 1;
  }
  if (!good) {
    throw failure(Step::tls, options.url.origin(), "no certificate can name this host",
                  "set server_name to the name that its certificate has");
  }
}

}  // namespace

Task<std::unique_ptr<Stream>> tls_stream(Socket socket, const ClientOptions& options) {
  const std::string origin = options.url.origin();
  auto stream = std::make_unique<TlsStream>(std::move(socket), ContextMaker(options).make());
  expect_name(stream->handle(), options);
  const auto error = co_await stream->handshake();
  if (!error) co_return stream;
  if (error == asio::error::eof || error == ssl::error::stream_truncated) {
    throw failure(Step::receive, origin,
                  "it closed the connection in the middle of the TLS handshake");
  }
  if (error.category() != asio::error::get_ssl_category()) {
    throw system_failure(Step::receive, origin, error.value());
  }
  throw tls_failure(origin, error.value(), ::SSL_get_verify_result(stream->handle()));
}

}  // namespace snapshotter::http
