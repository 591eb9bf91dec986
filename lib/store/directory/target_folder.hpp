// PATH/JOB/TARGET of a directory store: what is in it, and the steps that must keep an order on
// disk.
//
// Paths given to the file seam are made here only, out of valid names. Throws what the seam throws
// (SystemError); callers are within with_store_errors().
#pragma once

#include "platform/files.hpp"
#include "store/directory/directory_store.hpp"
#include "store/directory/layout.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace snapshotter::store {

// What a store and its writers share.
struct Place {
  platform::Files& files;
  DirectoryStoreSettings settings;
  // Held while a folder is made and gets its first file, and while empty folders are removed.
  std::mutex folders;
};

class TargetFolder {
 public:
  struct Backup {
    std::string stamp;
    std::map<Piece, platform::FileInfo> pieces;
    [[nodiscard]] bool has(Piece piece) const { return pieces.count(piece) != 0; }
  };
  using Contents = std::map<std::string, Backup>;  // by archive name

  TargetFolder(std::shared_ptr<Place> place, std::string job, std::string target);

  [[nodiscard]] const std::string& job() const noexcept { return job_; }
  [[nodiscard]] const std::string& target() const noexcept { return target_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string path(const std::string& archive, Piece piece) const;
  // "nightly/configs", "nightly/configs/configs-….tar.gz": for messages.
  [[nodiscard]] std::string subject() const { return job_ + "/" + target_; }
  [[nodiscard]] std::string subject(const std::string& archive, Piece piece) const;
  [[nodiscard]] Place& place() const noexcept { return *place_; }

  // Empty when the folder does not exist.
  [[nodiscard]] Contents scan() const;
  [[nodiscard]] bool exists(const std::string& archive, Piece piece) const;

  // Makes the folder where it is missing, and in it the partial archive; nullptr: that exists
  // already.
  [[nodiscard]] std::unique_ptr<platform::File> create_partial(const std::string& archive) const;
  void rename(const std::string& archive, Piece from, Piece to) const;
  void remove(const std::string& archive, Piece piece) const;
  void sync() const;

  // The archive loses its final name, durably.
  void hide(const std::string& archive) const;
  // Removes everything of a backup whose archive has no final name: what stands beside it first,
  // and once that is durable the partial archive, by which sweep() knows that the rest is rubbish.
  void clear(const std::string& archive) const;
  // Removes the folder and the job's when they are empty. Failing is fine.
  void tidy() const noexcept;

 private:
  void tidy_locked() const noexcept;

  std::shared_ptr<Place> place_;
  std::string job_;
  std::string target_;
  std::string job_path_;
  std::string path_;
};

}  // namespace snapshotter::store
