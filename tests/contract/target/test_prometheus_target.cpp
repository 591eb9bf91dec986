#include "async/event.hpp"
#include "async/loop.hpp"
#include "contract/target/target_contract.hpp"
#include "support/catch.hpp"
#include "support/prometheus_blocks.hpp"
#include "support/scripted_server.hpp"
#include "support/temp_dir.hpp"
#include "target/prometheus/prometheus_target.hpp"

#include <thread>

using namespace snapshotter;
using namespace snapshotter::test;
namespace fs = std::filesystem;

namespace {

constexpr const char* kName = "20261124T020001Z-116eecd829705491";

// A snapshot as Prometheus makes it, but with the folders' times, so that two are the same.
void make_snapshot(const fs::path& data) {
  for (const auto& entry : fs::recursive_directory_iterator(data)) {
    const auto inner = entry.path().lexically_relative(data);
    if (*inner.begin() == "snapshots" || *inner.begin() == "wal") continue;
    const auto copy = data / "snapshots" / kName / inner;
    if (entry.is_directory()) {
      fs::create_directories(copy);
    } else {
      fs::create_hard_link(entry.path(), copy);
    }
  }
  const auto old = fs::last_write_time(data / "wal");
  for (const auto& entry : fs::recursive_directory_iterator(data / "snapshots")) {
    if (entry.is_directory()) fs::last_write_time(entry.path(), old);
  }
}

// A Prometheus on a thread and a socket of its own: the contract brings its own loops.
class Prometheus {
 public:
  Prometheus() = default;
  ~Prometheus() { stop(); }
  Prometheus(const Prometheus&) = delete;
  Prometheus& operator=(const Prometheus&) = delete;

  [[nodiscard]] const fs::path& dir() const { return dir_.path(); }
  [[nodiscard]] fs::path data() const { return dir() / "data"; }
  [[nodiscard]] std::string socket() const { return dir() / "socket"; }

  void start() {
    stopped_ = std::make_unique<async::Event>(loop_.executor());
    fs::remove(socket());
    thread_ = std::thread([this] { loop_.run(serve()); });
    while (!listens_.load()) std::this_thread::yield();
  }
  void stop() {
    if (!thread_.joinable()) return;
    stopped_->set();
    thread_.join();
    fs::remove(socket());
    listens_ = false;
  }

 private:
  Task<int> serve() {
    ScriptedServer::Options options;
    options.address = socket();
    ScriptedServer server(loop_.executor(), options);
    server.answer([this](const http::Request& request) {
      if (request.method != "POST") return reply(404);
      make_snapshot(data());
      return reply(200, std::string(R"({"status":"success","data":{"name":")") + kName + "\"}}");
    });
    listens_ = true;
    co_await stopped_->wait();
    co_return 0;
  }

  TempDir dir_;
  async::Loop loop_;
  std::unique_ptr<async::Event> stopped_;
  std::atomic<bool> listens_{false};
  std::thread thread_;
};

TargetUnderTest prometheus_target() {
  const auto server = std::make_shared<Prometheus>();
  target::PrometheusSettings settings;
  settings.http.url = http::Url::parse("unix://" + server->socket());
  settings.http.bearer = Secret("a-token-nobody-may-see");
  settings.data_dir = server->data();

  TargetUnderTest under_test;
  under_test.target = target::make_prometheus_target("metrics", settings);
  under_test.secrets = {"a-token-nobody-may-see"};
  const auto made = server->dir() / "made";
  make_blocks(made, 3, {.series = 40, .samples = 7000, .noisy = true});
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(made)) {
    if (!entry.is_regular_file()) continue;
    const std::string path = entry.path().lexically_relative(made);
    under_test.expected[path] = read_file(entry.path());
    bytes += entry.file_size();
  }
  REQUIRE(bytes > 4 * 1024 * 1024);
  under_test.create_source = [=] {
    fs::rename(made, server->data());
    fs::create_directories(server->data() / "wal");
    server->start();
  };
  under_test.break_source = [=] { server->stop(); };
  under_test.mend_source = [=] { server->start(); };
  return under_test;
}

}  // namespace

TEST_CASE("the Prometheus target keeps the contract") { target_contract(prometheus_target); }
