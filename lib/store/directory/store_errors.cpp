#include "store/directory/store_errors.hpp"

#include <cerrno>

namespace snapshotter::store {
namespace {

// Where the store knows better than the file seam what helps.
std::string advice(const Error& error, const std::string& place) {
  switch (error.error_number()) {
    case ENOSPC:
      return "free space on " + place + " or lower the retention";
    case EDQUOT:
      return "raise the quota on " + place + " or lower the retention";
    case ESTALE:
    case ENOTCONN:
      return "mount the file system of " + place + " again";
    default:
      return error.advice();
  }
}

}  // namespace

void throw_store_error(const SystemError& error, const std::string& place) {
  Error::Parts parts = error.parts();
  parts.advice = advice(error, place);
  if (parts.error_number == ENOSPC || parts.error_number == EDQUOT) {
    throw StoreFullError(std::move(parts));
  }
  throw StoreError(std::move(parts));
}

}  // namespace snapshotter::store
