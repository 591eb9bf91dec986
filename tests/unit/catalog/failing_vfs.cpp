#include "failing_vfs.hpp"

#include <sqlite3.h>

#include <new>

namespace snapshotter::catalog {
namespace {

int fail_code = SQLITE_OK;
int writes_left = 0;
int writes_seen = 0;

sqlite3_vfs* system_vfs() { return sqlite3_vfs_find(nullptr); }

// SQLite allocates this with the system's file behind it (szOsFile).
struct FailingFile {
  sqlite3_file base;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<FailingFile*>(file)->real(); }

int write(sqlite3_file* file, const void* bytes, int amount, sqlite3_int64 offset) {
  ++writes_seen;
  if (fail_code != SQLITE_OK && writes_left-- <= 0) return fail_code;
  return real(file)->pMethods->xWrite(real(file), bytes, amount, offset);
}

// Everything but xWrite goes straight through.
template <auto Method>
struct Through;
template <class... Arguments, int (*sqlite3_io_methods::*Method)(sqlite3_file*, Arguments...)>
struct Through<Method> {
  static int call(sqlite3_file* file, Arguments... arguments) {
    return (real(file)->pMethods->*Method)(real(file), arguments...);
  }
};
void shared_memory_barrier(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }

const sqlite3_io_methods kMethods{
    2,
    Through<&sqlite3_io_methods::xClose>::call,
    Through<&sqlite3_io_methods::xRead>::call,
    write,
    Through<&sqlite3_io_methods::xTruncate>::call,
    Through<&sqlite3_io_methods::xSync>::call,
    Through<&sqlite3_io_methods::xFileSize>::call,
    Through<&sqlite3_io_methods::xLock>::call,
    Through<&sqlite3_io_methods::xUnlock>::call,
    Through<&sqlite3_io_methods::xCheckReservedLock>::call,
    Through<&sqlite3_io_methods::xFileControl>::call,
    Through<&sqlite3_io_methods::xSectorSize>::call,
    Through<&sqlite3_io_methods::xDeviceCharacteristics>::call,
    Through<&sqlite3_io_methods::xShmMap>::call,
    Through<&sqlite3_io_methods::xShmLock>::call,
    shared_memory_barrier,
    Through<&sqlite3_io_methods::xShmUnmap>::call,
    nullptr,
    nullptr,
};

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* failing = new (file) FailingFile{};
  const int code = system_vfs()->xOpen(system_vfs(), name, failing->real(), flags, out_flags);
  if (code == SQLITE_OK) failing->base.pMethods = &kMethods;
  return code;
}

sqlite3_vfs vfs;

}  // namespace

FailingVfs::FailingVfs() {
  heal();
  vfs = *system_vfs();
  vfs.zName = "failing";
  vfs.szOsFile += static_cast<int>(sizeof(FailingFile));
  vfs.xOpen = open;
  sqlite3_vfs_register(&vfs, 0);
}

FailingVfs::~FailingVfs() { sqlite3_vfs_unregister(&vfs); }

void FailingVfs::fail_writes(int code, int good_writes) {
  fail_code = code;
  writes_left = good_writes;
  writes_seen = 0;
}

void FailingVfs::heal() { fail_writes(SQLITE_OK); }

int FailingVfs::writes() const { return writes_seen; }

}  // namespace snapshotter::catalog
