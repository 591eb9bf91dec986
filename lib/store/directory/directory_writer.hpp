// One backup on its way into a directory store.
#pragma once

#include "store/directory/target_folder.hpp"
#include "store/store.hpp"

#include <memory>
#include <string>

namespace snapshotter::store {

// A file of the store as a source. Throws StoreError.
[[nodiscard]] std::unique_ptr<ByteSource> file_source(std::shared_ptr<platform::File> file,
                                                      std::string place);

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
  [[nodiscard]] std::unique_ptr<ByteSource> seal() override;
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
  Stage stage_ = Stage::writing;
  bool published_in_part_ = false;
  std::uint64_t written_ = 0;
  std::uint64_t unchecked_ = 0;  // appended since the last look at the free space
};

}  // namespace snapshotter::store
