// Backups in a directory of a local (or mounted) file system. The layout is a contract with people and
// scripts:
//
//   PATH/JOB/TARGET/TARGET-20261124T020000Z.tar.gz          0600, folders 0700
//                   TARGET-20261124T020000Z.tar.gz.sha256   as sha256sum -c reads it
//                   TARGET-20261124T020000Z.tar.gz.json     manifest
//
// While it is being written the archive is `.TARGET-….tar.gz.partial`. commit(): checksum and manifest
// are written and synced under their own partial names, then renamed, the archive last, then the
// folder is synced. remove(): the archive is renamed to a partial name first, the folder synced, then
// all three are removed.
#pragma once

#include <memory>
#include <string>

#include "base/units.hpp"
#include "platform/files.hpp"
#include "store/store.hpp"

namespace snapshotter::store {

struct DirectoryStoreSettings {
  std::string path;    // absolute
  ByteSize min_free;   // 0: no guard
};

// `files` must outlive the store.
[[nodiscard]] std::shared_ptr<Store> make_directory_store(platform::Files& files,
                                                          DirectoryStoreSettings settings);

// Keys: path (required), min_free.
[[nodiscard]] std::shared_ptr<Store> directory_store_from(platform::Files& files,
                                                          settings::Section& section);

}  // namespace snapshotter::store
