// Backups in a directory of a local (or mounted) file system. The layout is a contract with people
// and scripts:
//
//   PATH/JOB/TARGET/TARGET-20261124T020000Z.tar.gz          0600, folders 0700
//                   TARGET-20261124T020000Z.tar.gz.sha256   as sha256sum -c reads it
//                   TARGET-20261124T020000Z.tar.gz.json     manifest
//                   TARGET-20261124T020000Z.tar.gz.index    where each file is in the archive
//
// While it is being written the archive is `.TARGET-….tar.gz.partial`, created exclusively: whoever
// holds that name owns the stamp. PATH is made by the first backup; a folder that becomes empty is
// removed. Folders and files of other names are left alone and not reported.
//
// What a crash leaves
// -------------------
// N is the archive's name; {…} what is in the folder. Each arrow is durable before the next one
// begins (the folder is synced in between), so a power cut leaves one of these states or, where a
// step has several files, a mix of two neighbours.
//
//   begin()   {} → {.N.partial}
//   index()   → {.N.partial, .N.index.partial}                     seal() syncs the content of both
//   commit()  → {…, .N.sha256.partial, .N.json.partial}            synced, manifest read back
//             → {.N.partial, N.sha256, N.json, N.index}
//             → {N, N.sha256, N.json, N.index}                     the backup
//   remove()  → {.N.partial, N.sha256, N.json, N.index}            hidden
//             → {.N.partial}
//             → {}
//
// (A backup may have no index; nothing else changes then.)
//
// So an archive under its final name always has its manifest, and what a crash of ours leaves of a
// backup that does not exist always includes `.N.partial`. Hence:
//
//   state                       list()                      sweep()
//   N, its manifest fits        a backup                    –
//   N, the manifest is          a problem                   –
//     missing or does not fit
//   .N.partial, no N            nothing: being written,     removes it with N.json, N.sha256 and
//                                 or rubbish                  N.index, the archive last
//   .N.partial beside N         as without                  removes the partial one only
//   N.json, N.sha256, N.index,  a problem: somebody moved   never touches it: it may be all that
//     no N, no .N.partial         the archive away            is left to check the archive with
//   N without N.index that      a backup                    –
//     its manifest describes
//   any other .N….partial       nothing                     removes it
//
// A failed commit() is undone in the same order as remove(). When the medium fails in that too, the
// next sweep() does it – unless what failed was the last sync: then the backup, complete and
// verified, may be visible although its run was told that it failed.
//
// Limits: one daemon and one store per PATH (sweep() takes the partial files of others for rubbish;
// begin(), commit() and remove() of others do no harm). The file system must rename atomically.
#pragma once

#include "base/units.hpp"
#include "platform/files.hpp"
#include "store/store.hpp"

#include <memory>
#include <string>

namespace snapshotter::store {

struct DirectoryStoreSettings {
  std::string path;  // absolute, not "/"
  // 0: no guard. Compared with the space that is free at begin() and after each 16 MiB appended.
  ByteSize min_free;
};

// `files` must outlive the store, its writers and its sources.
[[nodiscard]] std::shared_ptr<Store> make_directory_store(platform::Files& files,
                                                          DirectoryStoreSettings settings);

// Keys: path (required), min_free.
[[nodiscard]] std::shared_ptr<Store> directory_store_from(platform::Files& files,
                                                          settings::Section& section);

}  // namespace snapshotter::store
