// Plain files onto a disk, by handles of their folders: most of what a restore writes.
//
// libarchive finds its way to each file anew, and looks at every folder on it for a symlink: about
// 40 system calls for a small file five folders deep. Here the handle of the folder is kept while
// its files come, which takes 6, and neither a symlink nor a renamed folder can lead elsewhere.
#pragma once

#include "archive/extract.hpp"
#include "archive/tar_reader.hpp"
#include "platform/unique_fd.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace snapshotter::archive {

// One thread. `root` and paths are as DiskWriter says.
class PlainFiles {
 public:
  PlainFiles(std::string root, bool owners);

  // False: it is no file with content, mode (up to 0777), owner and times alone, or its folder is
  // missing or no folder, or something has its name: nothing was done, and libarchive knows what
  // to do or to say. Throws SystemError for what concerns_all(), and what reading throws; the file
  // is removed then. What else goes wrong is a problem of the summary.
  [[nodiscard]] bool write(TarReader& reader, ::archive_entry* it, const std::string& path,
                           ExtractSummary& summary);

 private:
  int open_folder(std::string_view path);
  [[nodiscard]] int content(int file, TarReader& reader, ExtractSummary& summary) const;
  [[nodiscard]] int attributes(int file, ::archive_entry* it) const;

  const std::string root_;
  const bool owners_;
  platform::UniqueFd root_handle_;
  std::optional<std::string> folder_;  // of folder_handle_
  platform::UniqueFd folder_handle_;
};

// Trouble that every further entry would have too: a full disk, say.
[[nodiscard]] bool concerns_all(int error_number);

}  // namespace snapshotter::archive
