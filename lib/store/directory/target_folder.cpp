#include "store/directory/target_folder.hpp"

#include "base/error.hpp"

#include <cerrno>
#include <initializer_list>

namespace snapshotter::store {

using platform::FileInfo;

namespace {

// nullptr: it exists.
std::unique_ptr<platform::File> create_new(platform::Files& files, const std::string& path) {
  try {
    return files.create(path);
  } catch (const SystemError& error) {
    if (error.error_number() == EEXIST) return nullptr;
    throw;
  }
}

}  // namespace

TargetFolder::TargetFolder(std::shared_ptr<Place> place, std::string job, std::string target)
    : place_(std::move(place)),
      job_(std::move(job)),
      target_(std::move(target)),
      job_path_(place_->settings.path + "/" + job_),
      path_(job_path_ + "/" + target_) {}

std::string TargetFolder::path(const std::string& archive, Piece piece) const {
  return path_ + "/" + piece_name(archive, piece);
}

std::string TargetFolder::subject(const std::string& archive, Piece piece) const {
  return subject() + "/" + piece_name(archive, piece);
}

TargetFolder::Contents TargetFolder::scan() const {
  Contents contents;
  auto listed = place_->files.list(path_);
  if (!listed) return contents;
  for (FileInfo& info : *listed) {
    const auto name = parse_piece(target_, info.name);
    if (!name) continue;
    Backup& backup = contents[name->archive];
    backup.stamp = name->stamp;
    backup.pieces.emplace(name->piece, std::move(info));
  }
  return contents;
}

bool TargetFolder::exists(const std::string& archive, Piece piece) const {
  return place_->files.info(path(archive, piece)).has_value();
}

std::unique_ptr<platform::File> TargetFolder::create_partial(const std::string& archive) const {
  const std::lock_guard lock(place_->folders);
  try {
    place_->files.make_directories(path_);
    return create_new(place_->files, path(archive, Piece::partial_archive));
  } catch (...) {
    tidy_locked();
    throw;
  }
}

void TargetFolder::rename(const std::string& archive, Piece from, Piece to) const {
  place_->files.rename(path(archive, from), path(archive, to));
}

void TargetFolder::remove(const std::string& archive, Piece piece) const {
  place_->files.remove(path(archive, piece));
}

void TargetFolder::sync() const { place_->files.sync_directory(path_); }

void TargetFolder::hide(const std::string& archive) const {
  rename(archive, Piece::archive, Piece::partial_archive);
  sync();
}

void TargetFolder::clear(const std::string& archive) const {
  for (const Piece piece : {Piece::manifest, Piece::checksum, Piece::index, Piece::partial_manifest,
                            Piece::partial_checksum, Piece::partial_index}) {
    remove(archive, piece);
  }
  sync();
  remove(archive, Piece::partial_archive);
  sync();
}

void TargetFolder::tidy() const noexcept {
  const std::lock_guard lock(place_->folders);
  tidy_locked();
}

void TargetFolder::tidy_locked() const noexcept {
  try {
    place_->files.remove_directory(path_);
    place_->files.remove_directory(job_path_);
  } catch (...) {
    // Not empty, most of the time. An empty folder that stays is no harm.
  }
}

}  // namespace snapshotter::store
