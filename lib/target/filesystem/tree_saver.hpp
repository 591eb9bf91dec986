// Puts what a walk finds into an archive.
#pragma once

#include "archive/writer.hpp"
#include "target/filesystem/entry_maker.hpp"
#include "target/filesystem/extended_attributes.hpp"
#include "target/filesystem/file_reader.hpp"
#include "target/filesystem/hard_links.hpp"
#include "target/filesystem/tree_walker.hpp"
#include "target/target.hpp"

#include <optional>
#include <stop_token>
#include <string>

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
  // All outlive the saver.
  TreeSaver(archive::ArchiveWriter& archive, Progress& progress, Report& report,
            std::stop_token stop);

  void directory(const Found& found) override;
  void other(const Found& found) override;
  void warn(Warning warning) override;

  [[nodiscard]] const SavedCounts& counts() const noexcept { return counts_; }

 private:
  void file(const Found& found);
  void content(const Found& found);
  void hard_link(const Found& found, std::string first);
  void symlink(const Found& found);
  void special(const Found& found);
  void attributes_failed(const Found& found, int error);
  void add(const archive::Entry& entry, std::uint64_t& count);

  archive::ArchiveWriter& archive_;
  Progress& progress_;
  Report& report_;
  EntryMaker entries_;
  ExtendedAttributes attributes_;
  FileReader reader_;
  HardLinks links_;
  SavedCounts counts_;
};

// What to say of a file that was read; nullopt: all is well. One warning says it all: the gravest.
[[nodiscard]] std::optional<Warning> judge(std::string_view path,
                                           const FileReader::Outcome& outcome);

}  // namespace snapshotter::target
