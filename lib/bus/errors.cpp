#include "bus/errors.hpp"

#include "base/error.hpp"
#include "bus/wire.hpp"

namespace snapshotter::bus {
namespace {

sdbus::Error make(std::string_view name, std::string message) {
  if (message.size() > kMaxErrorText) {
    message.resize(kMaxErrorText);
    message += "…";
  }
  return {compat::ErrorName(std::string(name)), utf8(std::move(message))};
}

}  // namespace

sdbus::Error to_dbus_error(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const sdbus::Error& ours) {
    return ours;
  } catch (const CancelledError&) {
    return make(traits(ErrorKind::shutting_down).dbus_name,
                "the daemon is shutting down before this was done");
  } catch (const Error& failure) {
    return make(traits(failure.kind()).dbus_name, failure.what());
  } catch (const std::exception& failure) {
    return make(traits(ErrorKind::internal).dbus_name,
                std::string("unexpected: ") + failure.what());
  } catch (...) {
    return make(traits(ErrorKind::internal).dbus_name, "unexpected: unknown failure");
  }
}

}  // namespace snapshotter::bus
