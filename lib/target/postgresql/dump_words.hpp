// The few statements of a dump that mean something to the scanner, taken apart. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace snapshotter::target::postgresql {

// "COPY public.t (a, b) FROM stdin;" → "public.t", quotes kept.
[[nodiscard]] std::string copied_table(std::string_view statement);
// "SET NAME = 'value';" → "value"; nullopt: it sets something else.
[[nodiscard]] std::optional<std::string> setting(std::string_view statement, std::string_view name);
// A meta-command without its backslash → the database it connects to: "connect db", `connect "Db"`,
// `connect -reuse-previous=on "dbname='it\'s'"`; nullopt: it is another one.
[[nodiscard]] std::optional<std::string> connected_database(std::string_view command);
// A connection string for just this database, safe for any name: dbname='it\'s'.
[[nodiscard]] std::string connection_to(std::string_view database);

}  // namespace snapshotter::target::postgresql
