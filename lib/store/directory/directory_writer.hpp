// One backup on its way into a directory store.
#pragma once

#include "store/directory/target_folder.hpp"
#include "store/store.hpp"

#include <memory>
#include <optional>
#include <string>

namespace snapshotter::store {

// A file of the store as a source. Throws StoreError.
[[nodiscard]] std::unique_ptr<ByteSource> file_source(std::shared_ptr<platform::File> file,
                                                      std::string place);

// The index of an archive that is being written. Its file is made by the first append; when
// anything goes wrong, it is closed and removed, and the archive goes on without.
class DirectoryIndex final : public ByteSink {
 public:
  // Both must outlive it.
  DirectoryIndex(const TargetFolder& folder, const std::string& archive)
      : folder_(folder), archive_(archive) {}

  void append(std::span<const std::byte> bytes) override;
  void hold(std::size_t length) override;
  void rewrite(std::uint64_t offset, std::span<const std::byte> bytes) override;

  // Makes it durable, where there is one; failing gives it up. No append() after it.
  void seal();
  // nullptr: there is none, it is not sealed, or can't be opened, which gives it up.
  [[nodiscard]] std::unique_ptr<ByteSource> open();
  // Of an index that is complete.
  [[nodiscard]] std::optional<std::uint64_t> bytes() const;
  // Removes the file, if it was made here. Throws SystemError.
  void remove();

 private:
  template <class Work>
  void step(Work work);

  const TargetFolder& folder_;
  const std::string& archive_;
  enum class Stage { none, writing, sealed, given_up } stage_ = Stage::none;
  std::unique_ptr<platform::File> file_;
  bool made_ = false;
  std::uint64_t written_ = 0;
};

class DirectoryWriter final : public BackupWriter {
 public:
  // `file`: the partial archive of `archive`, just created in `folder`. The writer owns it from
  // here.
  DirectoryWriter(TargetFolder folder, BackupKey key, std::string archive,
                  std::unique_ptr<platform::File> file);
  ~DirectoryWriter() override;
  DirectoryWriter(const DirectoryWriter&) = delete;
  DirectoryWriter& operator=(const DirectoryWriter&) = delete;

  // StoreFullError when less than min_free is left.
  void check_space();

  [[nodiscard]] const BackupKey& key() const override { return key_; }
  [[nodiscard]] std::string archive_name() const override { return archive_; }
  void append(std::span<const std::byte> bytes) override;
  void hold(std::size_t length) override;
  void rewrite(std::uint64_t offset, std::span<const std::byte> bytes) override;
  [[nodiscard]] ByteSink& index() override { return index_; }
  [[nodiscard]] std::unique_ptr<ByteSource> seal() override;
  [[nodiscard]] std::unique_ptr<ByteSource> sealed_index() override;
  void commit(const Manifest& manifest) override;

 private:
  enum class Stage { writing, sealed, publishing, committed, failed };

  // Runs one call of the writer, which must be in stage `from` and is in `to` after it; failed,
  // when it throws.
  template <class Work>
  auto step(Stage from, Stage to, Work work);
  void publish(const Manifest& manifest);
  void write_beside(Piece piece, std::string_view content);
  void discard() noexcept;

  TargetFolder folder_;
  BackupKey key_;
  std::string archive_;
  std::unique_ptr<platform::File> file_;  // until seal()
  DirectoryIndex index_{folder_, archive_};
  Stage stage_ = Stage::writing;
  bool published_in_part_ = false;
  std::uint64_t written_ = 0;
  std::uint64_t unchecked_ = 0;  // appended since the last look at the free space
};

}  // namespace snapshotter::store
