// What PostgreSQL's programs say when they fail, in words that help. Pure.
#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"
#include "target/postgresql/client_tools.hpp"

#include <string>
#include <string_view>

namespace snapshotter::target::postgresql {

// The end of a program's messages as one line of a few hundred bytes, `password` replaced.
[[nodiscard]] std::string last_words(std::string_view messages, const Secret& password);

// A failed program as an error: `doing` it on `subject`, why by exit code and last words.
//
// The programs have no codes for causes, so the advice, and whether waiting helps, are chosen by
// their text as far as it is known; nothing else depends on it. A server that speaks another
// language (lc_messages) gets the general advice.
[[nodiscard]] DatabaseBackupError tool_failure(const std::string& doing, const std::string& subject,
                                               const std::string& program, const ToolResult& result,
                                               const Secret& password);

}  // namespace snapshotter::target::postgresql
