#include "bus/service.hpp"

#include <systemd/sd-bus.h>

#include <cstdlib>
#include <memory>
#include <new>

namespace snapshotter::bus {
namespace {

std::string encode(const char* prefix, const std::string& name) {
  char* path = nullptr;
  // The prefixes are right and any name can be encoded: only memory can be missing.
  if (sd_bus_path_encode(prefix, name.c_str(), &path) < 0) throw std::bad_alloc();
  const std::unique_ptr<char, decltype(&std::free)> owned(path, &std::free);
  return path;
}

}  // namespace

std::string job_path(const std::string& job) { return encode("/org/snapshotter1/job", job); }

std::string run_path(const std::string& run_id) { return encode("/org/snapshotter1/run", run_id); }

}  // namespace snapshotter::bus
