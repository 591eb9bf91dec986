// Backups as the tests of stores write and read them.
#pragma once

#include "store/store.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace snapshotter::test {

using Bytes = std::vector<std::byte>;

inline const std::string kStamp = "20261124T020000Z";

// The same bytes for the same seed; no two seeds alike.
[[nodiscard]] Bytes content(std::size_t size, std::uint32_t seed = 1);
[[nodiscard]] store::Manifest manifest_for(const store::BackupKey& key, const std::string& archive,
                                           const Bytes& bytes);
// begin, append, seal, commit; the key that the writer got.
store::BackupKey write_backup(store::Store& store, const store::BackupKey& key, const Bytes& bytes,
                              const std::string& extension = "tar.gz");
// The same with an index of these bytes, if the store takes it. As the engine does it.
store::BackupKey write_indexed_backup(store::Store& store, const store::BackupKey& key,
                                      const Bytes& bytes, const Bytes& index);
[[nodiscard]] store::Manifest::Index index_for(const Bytes& index);
[[nodiscard]] Bytes read_all(const ByteSource& source);
[[nodiscard]] Bytes read_backup(store::Store& store, const store::BackupKey& key);

[[nodiscard]] std::vector<std::string> ids(const store::Listing& listing);
// "nightly/configs/x.json: why"
[[nodiscard]] std::vector<std::string> problems(const store::Listing& listing);

}  // namespace snapshotter::test
