#include "bus/errors.hpp"

#include "base/error.hpp"
#include "support/catch.hpp"

namespace snapshotter::bus {
namespace {

using test::ContainsText;

template <class Failure>
sdbus::Error translated(Failure failure) {
  return to_dbus_error(std::make_exception_ptr(std::move(failure)));
}

TEST_CASE("every kind of error has its D-Bus name and its text", "[bus][errors]") {
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::access_denied); ++kind) {
    const Error failure({"do it", "thing", "it broke", "mend it"}, static_cast<ErrorKind>(kind));
    const auto error = translated(failure);
    CHECK(error.getName() == traits(failure.kind()).dbus_name);
    CHECK(error.getMessage() == "cannot do it 'thing': it broke (mend it)");
  }
}

TEST_CASE("errors keep the names that scripts know", "[bus][errors]") {
  const std::string prefix = "org.snapshotter1.Error.";
  CHECK(translated(RequestError({}, ErrorKind::no_such_job)).getName() == prefix + "NoSuchJob");
  CHECK(translated(RequestError({}, ErrorKind::not_running)).getName() == prefix + "NotRunning");
  CHECK(translated(ConfigError({})).getName() == prefix + "ConfigInvalid");
  // Nobody cancels a call but the daemon that goes.
  CHECK(translated(CancelledError()).getName() == prefix + "ShuttingDown");
}

TEST_CASE("whatever else is thrown is Failed", "[bus][errors]") {
  CHECK(translated(std::runtime_error("odd")).getName() == "org.freedesktop.DBus.Error.Failed");
  CHECK(translated(std::runtime_error("odd")).getMessage() == "unexpected: odd");
  CHECK(translated(5).getName() == "org.freedesktop.DBus.Error.Failed");
  const auto ours = sdbus::Error(compat::ErrorName("org.example.Mine"), "as it is");
  CHECK(translated(ours).getName() == "org.example.Mine");
}

TEST_CASE("an error text always fits into a message", "[bus][errors]") {
  CHECK(translated(std::runtime_error("bad \xff byte")).getMessage() ==
        "unexpected: bad \uFFFD byte");
  const auto text = translated(std::runtime_error(std::string(1U << 20U, 'x'))).getMessage();
  CHECK(text.size() <= kMaxErrorText + 3);
  CHECK_THAT(text, ContainsText("x…"));
}

}  // namespace
}  // namespace snapshotter::bus
