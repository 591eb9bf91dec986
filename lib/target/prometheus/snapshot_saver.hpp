// A snapshot's files into an archive, looked at as blocks on the way.
#pragma once

#include "archive/writer.hpp"
#include "target/prometheus/block_meta.hpp"
#include "target/target.hpp"

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

namespace snapshotter::target::prometheus {

struct SavedBlock {
  BlockMeta meta;
  std::uint64_t bytes = 0;  // of its files
};

struct SavedSnapshot {
  std::vector<SavedBlock> blocks;  // in the order of time; those whose meta.json could be read
};

// Saves everything below `snapshot`, an open folder, under its path relative to that, and folders
// before what is in them; owners, modes and times as they are. Blocking; one pass over the bytes,
// in pieces of 1 MiB; stops between two of them, with CancelledError.
//
// A block is a folder named by a ULID with meta.json, index and chunks/. It is whole when its files
// have the structure that they must have with every checksum right (file_check.hpp), and when the
// series and chunks in them are as many as meta.json says. Where it is not, its files are saved all
// the same – a copy of the good blocks is better than none – and a Warning "missing" names the
// file: the backup is partial. So is it for a file that can't be read. What is no block is saved
// with a Warning "attention".
//
// The files are the server's own (hard links), so access times are kept where the kernel allows it,
// and what was not in the page cache is dropped from it again.
[[nodiscard]] SavedSnapshot save_snapshot(int snapshot, const std::string& path,
                                          archive::ArchiveWriter& archive, Progress& progress,
                                          Report& report, const std::stop_token& stop);

}  // namespace snapshotter::target::prometheus
