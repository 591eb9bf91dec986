// Types of targets, stores and notifiers that do nothing, and shortcuts around config::parse.
#pragma once

#include "config/load.hpp"
#include "support/catch.hpp"

#include <map>
#include <string>
#include <vector>

namespace snapshotter::test {

// "directory" (path, min_free), "filesystem" (paths, exclude, one_file_system), "postgresql"
// (password, port), "webhook" (url, secret).
[[nodiscard]] config::Registries fake_types();

// Variables that exist, and a folder of credentials.
[[nodiscard]] config::Environment environment_of(std::map<std::string, std::string> variables,
                                                 std::string credentials_directory = {});

// As file "t.yaml". parse_good lets InvalidConfig through.
[[nodiscard]] config::Config parse_good(
    const std::string& yaml, const config::Environment& environment = environment_of({}));
// Every problem as "line:column: message", in order; empty when there was none.
[[nodiscard]] std::vector<std::string> problems_of(
    const std::string& yaml, const config::Environment& environment = environment_of({}));
[[nodiscard]] std::vector<std::string> warnings_of(const std::string& yaml);

// A configuration without problems or warnings, 14 lines long, to which a test adds what it is
// about.
extern const std::string kSound;

}  // namespace snapshotter::test
