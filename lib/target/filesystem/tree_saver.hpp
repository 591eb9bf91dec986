// Puts what a walk finds into an archive.
//
// Between finding and writing a thing waits in a queue: files in it were opened, and what the page
// cache does not hold of them is on its way from the disk. So the disk works on many files at a
// time although one thread does all, and the order in the archive is that of the walk.
#pragma once

#include "archive/writer.hpp"
#include "target/filesystem/entry_maker.hpp"
#include "target/filesystem/extended_attributes.hpp"
#include "target/filesystem/file_reader.hpp"
#include "target/filesystem/hard_links.hpp"
#include "target/filesystem/tree_walker.hpp"
#include "target/target.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::target {

// What was saved, for the manifest.
struct SavedCounts {
  std::uint64_t files = 0, directories = 0, symlinks = 0, hard_links = 0;
  std::uint64_t other = 0;  // fifos and devices
};

// One thread, one archive. Further names of a file that was saved become hard links; symlinks,
// fifos and devices with several names are saved under each.
class TreeSaver : public TreeVisitor {
 public:
  // Things in the queue; each takes a handle and a block of memory at most.
  static constexpr std::size_t kAhead = 16;

  // All outlive the saver.
  TreeSaver(archive::ArchiveWriter& archive, Progress& progress, Report& report,
            std::stop_token stop);
  ~TreeSaver() override;
  TreeSaver(const TreeSaver&) = delete;
  TreeSaver& operator=(const TreeSaver&) = delete;

  void directory(const Found& found) override;
  void other(const Found& found) override;
  void warn(Warning warning) override;

  // Writes what still waits. Once, after the walk.
  void finish();
  // What was written.
  [[nodiscard]] const SavedCounts& counts() const noexcept { return counts_; }

 private:
  struct Waiting;

  void file(const Found& found);
  void hard_link(const Found& found, std::string first);
  void symlink(const Found& found);
  void special(const Found& found);

  Waiting& vacant(const Found& found);
  void write_first();
  void write_file(Waiting& it);
  void begin(const archive::Entry& entry);
  void read_attributes(const Found& found, archive::Entry& entry);
  void attributes_failed(std::string_view path, int error);

  archive::ArchiveWriter& archive_;
  Progress& progress_;
  Report& report_;
  EntryMaker entries_;
  ExtendedAttributes attributes_;
  HardLinks links_;
  SavedCounts counts_;
  std::vector<std::unique_ptr<Waiting>> ring_;
  std::size_t first_ = 0;    // in ring_: the one that waits longest
  std::size_t waiting_ = 0;  // how many do
};

// What to say of a file that was read; nullopt: all is well. One warning says it all: the gravest.
[[nodiscard]] std::optional<Warning> judge(std::string_view path,
                                           const FileReader::Outcome& outcome);

}  // namespace snapshotter::target
