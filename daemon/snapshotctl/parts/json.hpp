// Inside snapshotctl only, for .cpp files: reading the daemon's documents. A key that is not there
// or has another type counts as absent, so that a newer or older daemon can still be talked to.
#pragma once

#include "base/time.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace snapshotter::ctl {

namespace json = boost::json;

// One line for a terminal, escaped where it has to be; what is fit already stays as it is.
[[nodiscard]] std::string fit(std::string_view text);

[[nodiscard]] std::string text(const json::object& object, std::string_view key);  // fit()
// As it is, for asking the daemon or opening a file.
[[nodiscard]] std::string raw_text(const json::object& object, std::string_view key);
[[nodiscard]] std::uint64_t number(const json::object& object, std::string_view key);
[[nodiscard]] std::optional<double> real(const json::object& object, std::string_view key);
[[nodiscard]] std::optional<Time> time(const json::object& object, std::string_view key);
[[nodiscard]] bool flag(const json::object& object, std::string_view key);
// Empty where there is none.
[[nodiscard]] const json::array& list(const json::object& object, std::string_view key);
// nullptr where there is none.
[[nodiscard]] const json::object* part(const json::object& object, std::string_view key);
// The strings of a list with ", " between them.
[[nodiscard]] std::string joined(const json::object& object, std::string_view key);
// "1.5 GiB"; empty for none.
[[nodiscard]] std::string size(const json::object& object, std::string_view key);
// "1h 30m" of a number of seconds; empty for none.
[[nodiscard]] std::string duration(const json::object& object, std::string_view key);

}  // namespace snapshotter::ctl
