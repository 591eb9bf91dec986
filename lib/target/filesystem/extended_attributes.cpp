#include "target/filesystem/extended_attributes.hpp"

#include <linux/limits.h>
#include <sys/xattr.h>

#include <cerrno>
#include <string_view>

namespace snapshotter::target {

// The kernel's limits make the buffers large enough for every list and every value.
template <class ListNames, class GetValue>
int ExtendedAttributes::read_all(const Status& status, List& into, ListNames list_names,
                                 GetValue get_value) {
  into.clear();
  const std::uint64_t device = id_of(status).device;
  if (device == device_without_) return 0;
  names_.resize(XATTR_LIST_MAX);
  const ssize_t length = list_names(names_.data(), names_.size());
  if (length < 0 && errno == EOPNOTSUPP) {
    device_without_ = device;
    return 0;
  }
  if (length < 0) return errno;
  value_.resize(XATTR_SIZE_MAX);
  std::string_view names(names_.data(), static_cast<std::size_t>(length));
  int failed = 0;
  while (!names.empty()) {
    const char* const name = names.data();
    names.remove_prefix(std::string_view(name).size() + 1);
    const ssize_t size = get_value(name, value_.data(), value_.size());
    if (size >= 0) {
      into.emplace_back(name, std::string(value_.data(), static_cast<std::size_t>(size)));
    } else if (errno != ENODATA) {  // removed since it was listed
      failed = errno;
    }
  }
  return failed;
}

int ExtendedAttributes::read(int handle, const Status& status, List& into) {
  return read_all(
      status, into,
      [handle](char* names, std::size_t size) { return ::flistxattr(handle, names, size); },
      [handle](const char* name, char* value, std::size_t size) {
        return ::fgetxattr(handle, name, value, size);
      });
}

int ExtendedAttributes::read(int parent, const char* name, const Status& status, List& into) {
  const std::string path = "/proc/self/fd/" + std::to_string(parent) + "/" + name;
  return read_all(
      status, into,
      [&](char* names, std::size_t size) { return ::llistxattr(path.c_str(), names, size); },
      [&](const char* attribute, char* value, std::size_t size) {
        return ::lgetxattr(path.c_str(), attribute, value, size);
      });
}

}  // namespace snapshotter::target
