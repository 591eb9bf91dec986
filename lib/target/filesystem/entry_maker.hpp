#pragma once

#include "archive/entry.hpp"
#include "target/filesystem/owner_names.hpp"
#include "target/filesystem/status.hpp"

#include <optional>
#include <string_view>

namespace snapshotter::target {

// nullopt: a kind that archives do not have (a socket).
[[nodiscard]] std::optional<archive::Entry::Kind> entry_kind(const Status& status) noexcept;

// Makes archive entries of what statx says. One thread.
class EntryMaker {
 public:
  // `path` is absolute; the entry's is the same without the first '/'. `status` is of a kind that
  // archives have. Size, link target, attributes and extents are the caller's to fill in. The
  // reference is valid until the next call: it is always the same entry, whose strings then seldom
  // need new memory.
  [[nodiscard]] archive::Entry& make(std::string_view path, const Status& status);

 private:
  OwnerNames names_;
  archive::Entry entry_;
};

}  // namespace snapshotter::target
