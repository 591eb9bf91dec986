#include "async/event.hpp"
#include "http/failure.hpp"
#include "http/socket.hpp"

#include <boost/asio/this_coro.hpp>
#include <netdb.h>
#include <sys/un.h>

#include <csignal>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace snapshotter::http {
namespace {

struct Answer {
  int error = 0;  // of getaddrinfo(3)
  int error_number = 0;
  std::vector<Address> addresses;
};

Answer look_up(const std::string& host, const std::string& port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  Answer answer;
  answer.error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  answer.error_number = answer.error == EAI_SYSTEM ? errno : 0;
  for (const addrinfo* found = list; found != nullptr; found = found->ai_next) {
    Address address;
    std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
    address.length = found->ai_addrlen;
    answer.addresses.push_back(address);
  }
  if (list != nullptr) ::freeaddrinfo(list);
  return answer;
}

// Shared by a coroutine and the thread that works for it. The thread outlives the coroutine when
// that gives up, and then must not touch the loop.
struct LookUp {
  std::mutex mutex;
  async::Event* waiting = nullptr;
  Answer answer;
};

class Waiting {
 public:
  Waiting(std::shared_ptr<LookUp> look_up, async::Event& event) : look_up_(std::move(look_up)) {
    look_up_->waiting = &event;
  }
  ~Waiting() {
    const std::lock_guard lock(look_up_->mutex);
    look_up_->waiting = nullptr;
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  std::shared_ptr<LookUp> look_up_;
};

void start_thread(const std::shared_ptr<LookUp>& shared, std::string host, std::string port) {
  // Signals are for the loop's thread.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread([shared, host = std::move(host), port = std::move(port)] {
      auto answer = look_up(host, port, 0);
      const std::lock_guard lock(shared->mutex);
      shared->answer = std::move(answer);
      if (shared->waiting != nullptr) shared->waiting->set();
    }).detach();
  } catch (const std::system_error& error) {
    shared->answer = {EAI_SYSTEM, error.code().value(), {}};
    shared->waiting->set();
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Address socket_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  Address result;
  std::memcpy(&result.storage, &address, sizeof address);
  result.length = sizeof address;
  return result;
}

}  // namespace

Task<std::vector<Address>> resolve(const Url& url, const std::string& origin) {
  if (url.scheme == Url::Scheme::unix_socket) {
    co_return std::vector<Address>{socket_address(url.host)};
  }
  const auto port = std::to_string(url.port);
  auto answer = look_up(url.host, port, AI_NUMERICHOST);
  if (answer.error != 0) {
    async::Event done(co_await boost::asio::this_coro::executor);
    const auto shared = std::make_shared<LookUp>();
    const Waiting waiting(shared, done);
    start_thread(shared, url.host, port);
    co_await done.wait();
    const std::lock_guard lock(shared->mutex);
    answer = std::move(shared->answer);
  }
  if (answer.error != 0) {
    throw failure(
        HttpError::Step::resolve, origin,
        answer.error == EAI_SYSTEM ? error_text(answer.error_number) : ::gai_strerror(answer.error),
        "is the host's name right, and does name resolution work?", answer.error_number);
  }
  co_return std::move(answer.addresses);
}

}  // namespace snapshotter::http
