#include "store/store.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace snapshotter::store {
namespace {

constexpr std::size_t kLongestExtension = 16;
constexpr std::size_t kMostGroups = 3;
constexpr std::array<std::string_view, 4> kReserved{"json", "sha256", "index", "partial"};

bool is_group(std::string_view group) noexcept {
  return !group.empty() && std::all_of(group.begin(), group.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

[[noreturn]] void refuse_manifest(const BackupKey& key, std::string why) {
  throw Error({"commit backup", key.id(), std::move(why)});
}

}  // namespace

void check_key(const BackupKey& key) {
  if (key.is_valid()) return;
  throw RequestError({"use backup", printable(key.id()), "that is not the name of a backup",
                      "write JOB/TARGET/TIME, as in nightly/configs/20261124T020000Z"});
}

bool is_valid_extension(std::string_view extension) noexcept {
  if (extension.size() > kLongestExtension) return false;
  for (std::size_t groups = 1; groups <= kMostGroups; ++groups) {
    const std::size_t dot = extension.find('.');
    const std::string_view group = extension.substr(0, dot);
    if (!is_group(group)) return false;
    if (dot == std::string_view::npos) {
      return std::find(kReserved.begin(), kReserved.end(), group) == kReserved.end();
    }
    extension.remove_prefix(dot + 1);
  }
  return false;
}

void check_extension(std::string_view extension) {
  if (is_valid_extension(extension)) return;
  throw RequestError({"write backup", printable(extension),
                      "that is not the extension of an archive", "write it like tar.gz"});
}

void check_manifest(const Manifest& manifest, const BackupKey& key, const std::string& archive,
                    std::uint64_t bytes, std::optional<std::uint64_t> index_bytes) {
  if (manifest.key != key) refuse_manifest(key, "the manifest is of " + manifest.key.id());
  if (manifest.archive != archive) {
    refuse_manifest(key, "the manifest names the archive '" + manifest.archive + "'");
  }
  if (manifest.bytes_stored != bytes) {
    refuse_manifest(key, "the manifest counts " + std::to_string(manifest.bytes_stored) +
                             " bytes, the archive has " + std::to_string(bytes));
  }
  if (manifest.index && manifest.index->bytes != index_bytes) {
    refuse_manifest(key, "the manifest describes another index than was written");
  }
  try {
    (void)Manifest::from_json(manifest.to_json(), archive);
  } catch (const StoreError& error) {
    refuse_manifest(key, "the manifest can't be read back: " + error.why());
  }
}

void throw_no_such_backup(const BackupKey& key, const std::string& store) {
  throw RequestError(
      {"find backup", key.id(), "there is none in " + store, "see 'snapshotctl backups'"},
      ErrorKind::no_such_backup);
}

void check_free(std::uint64_t available, ByteSize min_free, const std::string& place) {
  if (available >= min_free.bytes) return;
  throw StoreFullError(
      {"write backup to", place,
       "only " + to_string(ByteSize{available}) + " free, min_free is " + to_string(min_free),
       "free space on " + place + " or lower the retention", true});
}

}  // namespace snapshotter::store
