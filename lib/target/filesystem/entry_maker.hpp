#pragma once

#include "archive/entry.hpp"
#include "target/filesystem/status.hpp"
#include "target/owner_names.hpp"

#include <optional>
#include <string_view>

namespace snapshotter::target {

// nullopt: a kind that archives do not have (a socket).
[[nodiscard]] std::optional<archive::Entry::Kind> entry_kind(const Status& status) noexcept;

// Makes archive entries of what statx says. One thread.
class EntryMaker {
 public:
  // Overwrites all of `entry`, whose strings then seldom need new memory. `path` is absolute; the
  // entry's is the same without the first '/'. `status` is of a kind that archives have. Size, link
  // target, attributes and extents are the caller's to fill in.
  void make(std::string_view path, const Status& status, archive::Entry& entry);

 private:
  OwnerNames names_;
};

}  // namespace snapshotter::target
