#include "backups.hpp"

#include "base/error.hpp"
#include "crypto/sha256.hpp"

#include <random>

namespace snapshotter::test {

using store::BackupKey;
using store::Manifest;

Bytes content(std::size_t size, std::uint32_t seed) {
  std::minstd_rand random(seed);
  Bytes bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() >> 8U);
  return bytes;
}

Manifest manifest_for(const BackupKey& key, const std::string& archive, const Bytes& bytes) {
  Manifest manifest;
  manifest.snapshotter_version = "0.1.0";
  manifest.key = key;
  manifest.target_type = "filesystem";
  manifest.run = "20261124T020000Z-nightly";
  manifest.host = "example";
  manifest.started = parse_rfc3339("2026-11-24T02:00:00.25Z").value();
  manifest.finished = parse_rfc3339("2026-11-24T02:00:04Z").value();
  manifest.verified = parse_rfc3339("2026-11-24T02:00:05Z").value();
  manifest.archive = archive;
  manifest.format = "tar.gz";
  manifest.level = "balanced";
  manifest.bytes_source = 3 * bytes.size();
  manifest.bytes_tar = 4 * bytes.size();
  manifest.bytes_stored = bytes.size();
  manifest.entries = 7;
  manifest.sha256 = crypto::to_hex(crypto::sha256(bytes));
  return manifest;
}

BackupKey write_backup(store::Store& store, const BackupKey& key, const Bytes& bytes,
                       const std::string& extension) {
  const auto writer = store.begin(key, extension);
  writer->append(bytes);
  (void)writer->seal();
  writer->commit(manifest_for(writer->key(), writer->archive_name(), bytes));
  return writer->key();
}

Manifest::Index index_for(const Bytes& index) {
  return {index.size(), crypto::to_hex(crypto::sha256(index))};
}

BackupKey write_indexed_backup(store::Store& store, const BackupKey& key, const Bytes& bytes,
                               const Bytes& index) {
  const auto writer = store.begin(key, "tar.gz");
  writer->append(bytes);
  try {
    const auto half = index.size() / 2;
    writer->index().append(std::span(index).first(half));
    writer->index().append(std::span(index).subspan(half));
  } catch (const StoreError&) {
    // A backup without an index is a backup.
  }
  (void)writer->seal();
  auto manifest = manifest_for(writer->key(), writer->archive_name(), bytes);
  if (writer->sealed_index() != nullptr) manifest.index = index_for(index);
  writer->commit(manifest);
  return writer->key();
}

Bytes read_all(const ByteSource& source) {
  Bytes bytes(static_cast<std::size_t>(source.size()) + 1);  // no more than size() says
  bytes.resize(source.read_at(0, bytes));
  return bytes;
}

Bytes read_backup(store::Store& store, const BackupKey& key) { return read_all(*store.open(key)); }

std::vector<std::string> ids(const store::Listing& listing) {
  std::vector<std::string> result;
  for (const Manifest& manifest : listing.backups) result.push_back(manifest.key.id());
  return result;
}

std::vector<std::string> problems(const store::Listing& listing) {
  std::vector<std::string> result;
  for (const auto& problem : listing.problems) {
    result.push_back(problem.subject + ": " + problem.why);
  }
  return result;
}

}  // namespace snapshotter::test
