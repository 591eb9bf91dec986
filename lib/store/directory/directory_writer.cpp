#include "store/directory/directory_writer.hpp"

#include "base/error.hpp"
#include "store/directory/store_errors.hpp"

namespace snapshotter::store {
namespace {

constexpr std::uint64_t kSpaceInterval = (16_MiB).bytes;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

class FileSource final : public ByteSource {
 public:
  FileSource(std::shared_ptr<platform::File> file, std::string place)
      : file_(std::move(file)), place_(std::move(place)), size_(file_->size()) {}

  [[nodiscard]] std::uint64_t size() const override { return size_; }
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    return with_store_errors(place_, [&] { return file_->read_at(offset, into); });
  }

 private:
  std::shared_ptr<platform::File> file_;
  std::string place_;
  std::uint64_t size_;
};

}  // namespace

std::unique_ptr<ByteSource> file_source(std::shared_ptr<platform::File> file, std::string place) {
  return std::make_unique<FileSource>(std::move(file), std::move(place));
}

template <class Work>
void DirectoryIndex::step(Work work) {
  const auto& place = folder_.place().settings.path;
  try {
    if (stage_ == Stage::sealed || stage_ == Stage::given_up) {
      throw Error({"write index", archive_, "it is sealed, or was given up"});
    }
    with_store_errors(place, work);
  } catch (...) {
    stage_ = Stage::given_up;
    file_.reset();
    try {
      remove();  // at once: what failed may be a full disk
    } catch (const SystemError&) {
      // Then with the rest.
    }
    throw;
  }
}

void DirectoryIndex::append(std::span<const std::byte> bytes) {
  step([&] {
    if (!file_) {
      file_ = folder_.place().files.create(folder_.path(archive_, Piece::partial_index));
      made_ = true;
      stage_ = Stage::writing;
    }
    file_->write(bytes);
    written_ += bytes.size();
  });
}

void DirectoryIndex::hold(std::size_t) { rewrite(0, {}); }

void DirectoryIndex::rewrite(std::uint64_t, std::span<const std::byte>) {
  step([&] { throw Error({"rewrite index", archive_, "it can only be appended to"}); });
}

void DirectoryIndex::seal() {
  try {
    step([&] {
      if (!file_) throw Error({"write index", archive_, "there is none"});
      file_->sync();
    });
    file_.reset();
    stage_ = Stage::sealed;
  } catch (const Error&) {
    // Given up.
  }
}

std::unique_ptr<ByteSource> DirectoryIndex::open() {
  if (stage_ != Stage::sealed) return nullptr;
  const Place& place = folder_.place();
  try {
    return file_source(place.files.open_uncached(folder_.path(archive_, Piece::partial_index)),
                       place.settings.path);
  } catch (const SystemError&) {
    stage_ = Stage::given_up;
    return nullptr;
  }
}

std::optional<std::uint64_t> DirectoryIndex::bytes() const {
  return stage_ == Stage::sealed ? std::optional(written_) : std::nullopt;
}

void DirectoryIndex::remove() {
  if (!made_) return;
  folder_.remove(archive_, Piece::partial_index);
  made_ = false;
}

DirectoryWriter::DirectoryWriter(TargetFolder folder, BackupKey key, std::string archive,
                                 std::unique_ptr<platform::File> file)
    : folder_(std::move(folder)),
      key_(std::move(key)),
      archive_(std::move(archive)),
      file_(std::move(file)) {}

DirectoryWriter::~DirectoryWriter() {
  file_.reset();
  if (stage_ != Stage::committed) discard();
}

void DirectoryWriter::discard() noexcept {
  try {
    if (!published_in_part_) {
      // Nothing of this backup but these files exists; what else has its stamp is somebody else's.
      index_.remove();
      folder_.remove(archive_, Piece::partial_archive);
    } else {
      if (folder_.exists(archive_, Piece::archive)) folder_.hide(archive_);
      folder_.clear(archive_);
    }
  } catch (...) {
    // The partial archive goes last, so it is still there and sweep() does the rest.
  }
  folder_.tidy();
}

template <class Work>
auto DirectoryWriter::step(Stage from, Stage to, Work work) {
  if (stage_ != from) {
    throw Error({"write backup", key_.id(), "its writer has failed or is past that step"});
  }
  struct Outcome {
    Stage& stage;
    Stage next;
    ~Outcome() { stage = next; }
  } outcome{stage_, Stage::failed};
  const auto& place = folder_.place().settings.path;
  if constexpr (std::is_void_v<decltype(work())>) {
    with_store_errors(place, work);
    outcome.next = to;
  } else {
    auto result = with_store_errors(place, work);
    outcome.next = to;
    return result;
  }
}

void DirectoryWriter::check_space() {
  const auto& settings = folder_.place().settings;
  if (settings.min_free.bytes == 0) return;
  with_store_errors(settings.path, [&] {
    const auto space = folder_.place().files.space(folder_.path());
    check_free(space.available, settings.min_free, settings.path);
  });
}

void DirectoryWriter::append(std::span<const std::byte> bytes) {
  step(Stage::writing, Stage::writing, [&] {
    file_->write(bytes);
    written_ += bytes.size();
    unchecked_ += bytes.size();
    if (unchecked_ < kSpaceInterval) return;
    unchecked_ = 0;
    check_space();
  });
}

void DirectoryWriter::hold(std::size_t) {
  // A file can be rewritten anywhere, so there is nothing to keep.
}

void DirectoryWriter::rewrite(std::uint64_t offset, std::span<const std::byte> bytes) {
  step(Stage::writing, Stage::writing, [&] {
    if (offset > written_ || bytes.size() > written_ - offset) {
      throw Error({"rewrite backup", key_.id(), "the range was never written"});
    }
    file_->write_at(offset, bytes);
  });
}

std::unique_ptr<ByteSource> DirectoryWriter::seal() {
  return step(Stage::writing, Stage::sealed, [&] {
    file_->sync();
    file_.reset();
    Place& place = folder_.place();
    auto written = place.files.open_uncached(folder_.path(archive_, Piece::partial_archive));
    index_.seal();
    return file_source(std::move(written), place.settings.path);
  });
}

std::unique_ptr<ByteSource> DirectoryWriter::sealed_index() { return index_.open(); }

void DirectoryWriter::commit(const Manifest& manifest) {
  step(Stage::sealed, Stage::committed, [&] {
    check_manifest(manifest, key_, archive_, written_, index_.bytes());
    publish(manifest);
  });
}

void DirectoryWriter::publish(const Manifest& manifest) {
  if (!manifest.index) index_.remove();  // given up, or found wrong
  published_in_part_ = true;
  write_beside(Piece::partial_checksum, manifest.sha256 + "  " + archive_ + "\n");
  write_beside(Piece::partial_manifest, manifest.to_json());
  const std::string path = folder_.path(archive_, Piece::partial_manifest);
  (void)Manifest::from_json(platform::read_text(folder_.place().files, path), path);
  folder_.sync();
  folder_.rename(archive_, Piece::partial_checksum, Piece::checksum);
  folder_.rename(archive_, Piece::partial_manifest, Piece::manifest);
  if (manifest.index) folder_.rename(archive_, Piece::partial_index, Piece::index);
  folder_.sync();
  folder_.rename(archive_, Piece::partial_archive, Piece::archive);
  folder_.sync();
}

void DirectoryWriter::write_beside(Piece piece, std::string_view content) {
  const auto file = folder_.place().files.create(folder_.path(archive_, piece));
  file->write(bytes_of(content));
  file->sync();
}

}  // namespace snapshotter::store
