#include "platform/machine.hpp"

#include <unistd.h>

#include <array>
#include <climits>
#include <fstream>

namespace snapshotter::platform {
namespace {

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

std::string machine_id() {
  auto id = first_line("/etc/machine-id");
  // While a system boots for the first time, the file says "uninitialized".
  return id.size() == 32 ? id : host_name();
}

std::string boot_id() { return first_line("/proc/sys/kernel/random/boot_id"); }

}  // namespace snapshotter::platform
