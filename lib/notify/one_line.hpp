// Inside lib/notify only: texts of others, made fit for documents and answers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace snapshotter::notify {

// One line of UTF-8 of at most `most` bytes: text that is none is escaped as by printable(), a
// longer one ends in "…" (which counts; `most` is 3 at least).
[[nodiscard]] std::string one_line(std::string_view text, std::size_t most);

}  // namespace snapshotter::notify
