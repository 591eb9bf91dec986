#include "store/directory/directory_store.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "store/directory/directory_writer.hpp"
#include "store/directory/store_errors.hpp"
#include "store/directory/target_folder.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <functional>

namespace snapshotter::store {
namespace {

using platform::FileInfo;

Manifest read_manifest(const TargetFolder& folder, const std::string& archive) {
  const std::string path = folder.path(archive, Piece::manifest);
  return Manifest::from_json(platform::read_text(folder.place().files, path), path);
}

// Why `manifest` is not of this archive; empty: it is.
std::string misfit(const Manifest& manifest, const BackupKey& key, const FileInfo& archive) {
  if (manifest.key != key) return "its manifest is of backup " + manifest.key.id();
  if (manifest.archive != archive.name) {
    return "its manifest is of the archive '" + printable(manifest.archive) + "'";
  }
  if (manifest.bytes_stored == archive.size) return "";
  return "it has " + std::to_string(archive.size) + " bytes, its manifest says " +
         std::to_string(manifest.bytes_stored);
}

class DirectoryStore final : public Store {
 public:
  explicit DirectoryStore(std::shared_ptr<Place> place) : place_(std::move(place)) {}

  [[nodiscard]] std::string describe() const override { return "directory " + root(); }
  [[nodiscard]] std::unique_ptr<BackupWriter> begin(const BackupKey& key,
                                                    const std::string& extension) override;
  [[nodiscard]] Listing list(std::stop_token stop) override;
  [[nodiscard]] Manifest manifest(const BackupKey& key) override;
  [[nodiscard]] std::unique_ptr<ByteSource> open(const BackupKey& key) override;
  [[nodiscard]] std::unique_ptr<ByteSource> open_index(const BackupKey& key) override;
  void remove(const BackupKey& key) override;
  std::vector<std::string> sweep() override;
  [[nodiscard]] std::optional<Space> space() override;
  [[nodiscard]] std::string locate(const BackupKey& key) override;

 private:
  using Visit = std::function<void(const TargetFolder&)>;
  // Something below the store's folder failed.
  using Failed = std::function<void(const std::string& subject, const StoreError&)>;

  [[nodiscard]] const std::string& root() const { return place_->settings.path; }
  [[nodiscard]] TargetFolder folder(const BackupKey& key) const {
    return {place_, key.job, key.target};
  }
  // The archive of a backup; a regular file.
  [[nodiscard]] std::optional<FileInfo> find(const BackupKey& key) const;
  [[nodiscard]] FileInfo get(const BackupKey& key) const;
  [[nodiscard]] std::vector<std::string> folders_in(const std::string& path) const;
  // Does `work`, which may fail without stopping the rest.
  template <class Work>
  void attempt(const std::string& subject, const Failed& failed, Work work) const;
  void for_each_folder(const Visit& visit, const Failed& failed) const;

  std::shared_ptr<Place> place_;
};

std::unique_ptr<BackupWriter> DirectoryStore::begin(const BackupKey& key,
                                                    const std::string& extension) {
  check_key(key);
  check_extension(extension);
  return with_store_errors(root(), [&]() -> std::unique_ptr<BackupWriter> {
    const TargetFolder target = folder(key);
    for (BackupKey candidate = key;; candidate = candidate.next()) {
      const std::string archive = archive_name(candidate, extension);
      auto file = target.create_partial(archive);
      if (!file) continue;
      auto writer = std::make_unique<DirectoryWriter>(target, candidate, archive, std::move(file));
      writer->check_space();
      // Only who holds the partial name may take the final one. So what is looked for after that
      // name is ours can't appear later.
      const auto contents = target.scan();
      const bool taken = std::any_of(contents.begin(), contents.end(), [&](const auto& entry) {
        const auto& [name, backup] = entry;
        return backup.stamp == candidate.stamp && (name != archive || backup.pieces.size() != 1);
      });
      if (!taken) return writer;
    }
  });
}

std::optional<FileInfo> DirectoryStore::find(const BackupKey& key) const {
  std::optional<FileInfo> found;
  for (auto& [name, backup] : folder(key).scan()) {
    const auto archive = backup.pieces.find(Piece::archive);
    if (backup.stamp != key.stamp || archive == backup.pieces.end()) continue;
    if (archive->second.kind != FileInfo::Kind::file) continue;
    // Somebody may have put the same backup beside it in another format; ours has a manifest.
    if (found && !backup.has(Piece::manifest)) continue;
    found = archive->second;
  }
  return found;
}

FileInfo DirectoryStore::get(const BackupKey& key) const {
  check_key(key);
  auto found = with_store_errors(root(), [&] { return find(key); });
  if (!found) throw_no_such_backup(key, describe());
  return *std::move(found);
}

Manifest DirectoryStore::manifest(const BackupKey& key) {
  const FileInfo archive = get(key);
  Manifest manifest =
      with_store_errors(root(), [&] { return read_manifest(folder(key), archive.name); });
  const std::string why = misfit(manifest, key, archive);
  if (!why.empty()) {
    throw StoreError({"use backup", folder(key).path(archive.name, Piece::archive), why,
                      "look at it with 'snapshotctl verify'"});
  }
  return manifest;
}

std::unique_ptr<ByteSource> DirectoryStore::open(const BackupKey& key) {
  const std::string path = locate(key);
  return with_store_errors(root(),
                           [&] { return file_source(place_->files.open_read(path), root()); });
}

std::unique_ptr<ByteSource> DirectoryStore::open_index(const BackupKey& key) {
  const TargetFolder target = folder(key);
  const std::string archive = get(key).name;
  return with_store_errors(root(), [&]() -> std::unique_ptr<ByteSource> {
    if (!target.exists(archive, Piece::index)) return nullptr;
    return file_source(place_->files.open_read(target.path(archive, Piece::index)), root());
  });
}

std::string DirectoryStore::locate(const BackupKey& key) {
  return folder(key).path(get(key).name, Piece::archive);
}

void DirectoryStore::remove(const BackupKey& key) {
  check_key(key);
  with_store_errors(root(), [&] {
    const auto found = find(key);
    if (!found) return;
    const TargetFolder target = folder(key);
    target.hide(found->name);
    target.clear(found->name);
    target.tidy();
  });
}

std::vector<std::string> DirectoryStore::folders_in(const std::string& path) const {
  std::vector<std::string> names;
  const auto listed = place_->files.list(path);
  if (!listed) return names;
  for (const FileInfo& info : *listed) {
    // "Other" may be a link to a folder: somebody moved a job to another disk.
    if (info.kind != FileInfo::Kind::file && is_valid_name(info.name)) names.push_back(info.name);
  }
  return names;
}

template <class Work>
void DirectoryStore::attempt(const std::string& subject, const Failed& failed, Work work) const {
  try {
    with_store_errors(root(), work);
  } catch (const StoreError& error) {
    // ENOTDIR: neither a folder nor a link to one, so nothing of ours.
    if (error.error_number() != ENOTDIR) failed(subject, error);
  }
}

void DirectoryStore::for_each_folder(const Visit& visit, const Failed& failed) const {
  for (const std::string& job : with_store_errors(root(), [&] { return folders_in(root()); })) {
    std::vector<std::string> targets;
    attempt(job, failed, [&] { targets = folders_in(root() + "/" + job); });
    for (const std::string& target : targets) {
      const TargetFolder visited(place_, job, target);
      attempt(visited.subject(), failed, [&] { visit(visited); });
    }
  }
}

// Adds an archive to a listing. Backups go while the folder is read, so what looks wrong counts
// only if the archive is still there at a second look.
void list_archive(const TargetFolder& folder, const TargetFolder::Backup& backup,
                  Listing& listing) {
  const FileInfo& archive = backup.pieces.at(Piece::archive);
  const auto problem = [&](Piece piece, std::string why) {
    if (!folder.exists(archive.name, Piece::archive)) return;
    listing.problems.push_back({folder.subject(archive.name, piece), std::move(why)});
  };
  if (archive.kind != FileInfo::Kind::file) {
    return problem(Piece::archive, "it is not a regular file");
  }
  std::optional<Manifest> manifest;
  try {
    manifest = read_manifest(folder, archive.name);
  } catch (const Error& error) {
    if (error.error_number() == ENOENT) return problem(Piece::archive, "it has no manifest");
    return problem(Piece::manifest, error.why());
  }
  std::string why = misfit(*manifest, {folder.job(), folder.target(), backup.stamp}, archive);
  if (!why.empty()) return problem(Piece::archive, std::move(why));
  listing.backups.push_back(*std::move(manifest));
}

// What stands beside an archive that is not there is a problem, unless the archive is on its way in
// or out.
void list_orphan(const TargetFolder& folder, const std::string& archive,
                 const TargetFolder::Backup& backup, Listing& listing) {
  const auto here = [&](Piece piece) { return folder.exists(archive, piece); };
  for (const Piece piece : {Piece::manifest, Piece::checksum, Piece::index}) {
    if (!backup.has(piece)) continue;
    // In this order, because what was committed just now may be removed between the two looks.
    if (here(Piece::archive) || here(Piece::partial_archive)) return;
    if (!here(piece)) continue;
    listing.problems.push_back({folder.subject(archive, piece), "its archive is missing"});
    return;
  }
}

Listing DirectoryStore::list(std::stop_token stop) {
  Listing listing;
  const auto failed = [&](const std::string& subject, const StoreError& error) {
    listing.problems.push_back({subject, error.why()});
  };
  const auto visit = [&](const TargetFolder& folder) {
    for (const auto& [archive, backup] : folder.scan()) {
      if (stop.stop_requested()) throw CancelledError("list " + describe());
      attempt(folder.subject(archive, Piece::archive), failed, [&, &name = archive, &now = backup] {
        if (now.has(Piece::archive)) {
          list_archive(folder, now, listing);
        } else if (!now.has(Piece::partial_archive)) {
          list_orphan(folder, name, now, listing);
        }
      });
    }
  };
  for_each_folder(visit, failed);
  std::sort(listing.backups.begin(), listing.backups.end(),
            [](const Manifest& a, const Manifest& b) { return a.key < b.key; });
  return listing;
}

// Removes what writers left of one backup; adds the names to `removed`.
void sweep_backup(const TargetFolder& folder, const std::string& archive,
                  const TargetFolder::Backup& backup, std::vector<std::string>& removed) {
  // Beside a partial archive without a final one, manifest, checksum and index are rubbish, too.
  const auto partial = backup.pieces.find(Piece::partial_archive);
  const bool unborn = partial != backup.pieces.end() && !backup.has(Piece::archive) &&
                      partial->second.kind == FileInfo::Kind::file;
  std::vector<Piece> rubbish;
  for (const auto& [piece, info] : backup.pieces) {
    if (info.kind != FileInfo::Kind::file) continue;
    if (unborn || piece >= Piece::partial_archive) rubbish.push_back(piece);
  }
  if (unborn) folder.clear(archive);
  for (const Piece piece : rubbish) {
    folder.remove(archive, piece);
    removed.push_back(folder.subject(archive, piece));
  }
}

std::vector<std::string> DirectoryStore::sweep() {
  std::vector<std::string> removed;
  std::exception_ptr first_error;
  const auto failed = [&](const std::string&, const StoreError&) {
    if (!first_error) first_error = std::current_exception();
  };
  const auto visit = [&](const TargetFolder& folder) {
    for (const auto& [archive, backup] : folder.scan()) {
      attempt(folder.subject(archive, Piece::archive), failed,
              [&, &name = archive, &left = backup] { sweep_backup(folder, name, left, removed); });
    }
    folder.tidy();
  };
  for_each_folder(visit, failed);
  if (first_error) std::rethrow_exception(first_error);
  return removed;
}

std::optional<Space> DirectoryStore::space() {
  return with_store_errors(root(), [&] {
    // Before the first backup the folder is not there; its place is.
    std::string path = root();
    while (!path.empty() && !place_->files.info(path)) path.resize(path.rfind('/'));
    const auto space = place_->files.space(path.empty() ? "/" : path);
    return Space{space.total, space.available};
  });
}

}  // namespace

std::shared_ptr<Store> make_directory_store(platform::Files& files,
                                            DirectoryStoreSettings settings) {
  while (settings.path.ends_with('/')) settings.path.pop_back();
  return std::make_shared<DirectoryStore>(
      std::shared_ptr<Place>(new Place{files, std::move(settings), {}}));
}

std::shared_ptr<Store> directory_store_from(platform::Files& files, settings::Section& section) {
  if (section.node("path") == nullptr) section.require("path");
  auto path = section.path("path");
  if (path == "/") {
    section.problem("path", "must be a folder of its own, such as /srv/backups");
    path.reset();
  }
  const auto min_free = section.size("min_free");
  if (!path) return nullptr;
  return make_directory_store(files, {*std::move(path), min_free.value_or(ByteSize{})});
}

}  // namespace snapshotter::store
