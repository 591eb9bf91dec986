#include "bus_daemon.hpp"

#include <stdexcept>
#include <utility>

namespace snapshotter::test {
namespace {

std::string open_bus(const std::string& policy) {
  return R"(<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>ADDRESS</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
)" + policy +
         "</busconfig>\n";
}

}  // namespace

BusDaemon::BusDaemon(const std::string& policy) : BusDaemon(Whole{open_bus(policy)}) {}

BusDaemon::BusDaemon(const Whole& whole) {
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
  const auto file = folder_.path() / "bus.conf";
  auto text = whole.configuration;
  const std::string placeholder = "ADDRESS";
  text.replace(text.find(placeholder), placeholder.size(),
               "unix:path=" + folder_.string() + "/bus");
  write_file(file, text);
  // Without what it says of every client and every missing right.
  daemon_.emplace(Command{"sh", "-c",
                          "exec dbus-daemon --config-file=" + file.string() +
                              " --nofork --nopidfile --nosyslog --print-address=1 2>/dev/null"});
  if (!daemon_->read_line(address_)) throw std::runtime_error("dbus-daemon does not start");
}

void BusDaemon::kill() { daemon_.reset(); }

EnvironmentVariable::EnvironmentVariable(std::string name, const char* value)
    : name_(std::move(name)) {
  if (const auto* before = std::getenv(name_.c_str())) before_ = before;
  if (value == nullptr) {
    ::unsetenv(name_.c_str());
  } else {
    ::setenv(name_.c_str(), value, 1);
  }
}

EnvironmentVariable::~EnvironmentVariable() {
  if (before_) {
    ::setenv(name_.c_str(), before_->c_str(), 1);
  } else {
    ::unsetenv(name_.c_str());
  }
}

}  // namespace snapshotter::test
