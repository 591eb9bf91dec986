#include "support/fake/memory_store.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <vector>

namespace snapshotter::test {

using store::BackupKey;
using store::Manifest;

using Bytes = std::vector<std::byte>;

struct MemoryStore::Shared {
  struct Backup {
    Manifest manifest;
    std::shared_ptr<Bytes> bytes;  // replaced, never changed: a source may be reading it
    std::shared_ptr<Bytes> index;  // the same; nullptr: none
    [[nodiscard]] std::size_t size() const { return bytes->size() + (index ? index->size() : 0); }
  };
  static constexpr auto kNoLimit = std::numeric_limits<std::uint64_t>::max();

  // Each of these is called with the mutex.
  void fail_if_asked(Call call) {
    const auto planned = failures.find(call);
    if (planned == failures.end()) return;
    const auto error = planned->second;
    failures.erase(planned);
    std::rethrow_exception(error);
  }
  Backup& get(const BackupKey& key) {
    const auto found = backups.find(key);
    if (found == backups.end()) store::throw_no_such_backup(key, name);
    return found->second;
  }
  std::uint64_t available() const { return limit - std::min(limit, used); }
  void check_room(std::uint64_t bytes) const {
    if (limit == kNoLimit) return;
    if (bytes > available()) {
      throw StoreFullError({"write backup to", name, "no space left", "free some space", true});
    }
    store::check_free(available() - bytes, min_free, name);
  }

  mutable std::mutex mutex;
  std::string name;
  std::map<BackupKey, Backup> backups;
  std::set<BackupKey> open;  // keys of writers
  std::map<Call, std::exception_ptr> failures;
  std::uint64_t appended = 0;
  std::uint64_t fail_append_above = kNoLimit;
  std::exception_ptr append_error;
  std::uint64_t limit = kNoLimit;
  std::uint64_t used = 0;
  ByteSize min_free;
  std::vector<store::Listing::Problem> problems;
};

class MemoryStore::Source final : public ByteSource {
 public:
  explicit Source(std::shared_ptr<const Bytes> bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::uint64_t size() const override { return bytes_->size(); }
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    if (offset >= bytes_->size()) return 0;
    const auto rest = std::span(*bytes_).subspan(static_cast<std::size_t>(offset));
    const auto part = rest.first(std::min(rest.size(), into.size()));
    std::copy(part.begin(), part.end(), into.begin());
    return part.size();
  }

 private:
  std::shared_ptr<const Bytes> bytes_;
};

class MemoryStore::Writer final : public store::BackupWriter {
 public:
  Writer(std::shared_ptr<Shared> shared, BackupKey key, std::string archive)
      : shared_(std::move(shared)), key_(std::move(key)), archive_(std::move(archive)) {}
  ~Writer() override {
    const std::lock_guard lock(shared_->mutex);
    shared_->open.erase(key_);
    if (stage_ != Stage::committed) shared_->used -= bytes_->size();
    index_.drop();
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  [[nodiscard]] const BackupKey& key() const override { return key_; }
  [[nodiscard]] std::string archive_name() const override { return archive_; }

  void append(std::span<const std::byte> bytes) override {
    const std::lock_guard lock(shared_->mutex);
    enter(Stage::writing);
    shared_->fail_if_asked(Call::append);
    shared_->check_room(bytes.size());
    shared_->appended += bytes.size();
    if (shared_->append_error && shared_->appended > shared_->fail_append_above) {
      std::rethrow_exception(std::exchange(shared_->append_error, nullptr));
    }
    if (const auto length = std::exchange(held_length_, 0); length > 0) {
      held_ = {bytes_->size(), bytes_->size() + length};
    }
    shared_->used += bytes.size();
    bytes_->insert(bytes_->end(), bytes.begin(), bytes.end());
    stage_ = Stage::writing;
  }

  void hold(std::size_t length) override {
    const std::lock_guard lock(shared_->mutex);
    enter(Stage::writing);
    if (length > kMostHeld) throw Error({"hold", key_.id(), "more than 64 KiB"});
    held_length_ = length;
    stage_ = Stage::writing;
  }

  void rewrite(std::uint64_t offset, std::span<const std::byte> bytes) override {
    const std::lock_guard lock(shared_->mutex);
    enter(Stage::writing);
    if (offset < held_.first || offset + bytes.size() > std::min(held_.second, bytes_->size())) {
      throw Error({"rewrite", key_.id(), "that range is not held"});
    }
    std::copy(bytes.begin(), bytes.end(), bytes_->begin() + static_cast<std::ptrdiff_t>(offset));
    stage_ = Stage::writing;
  }

  [[nodiscard]] ByteSink& index() override { return index_; }

  [[nodiscard]] std::unique_ptr<ByteSource> sealed_index() override {
    const std::lock_guard lock(shared_->mutex);
    if (stage_ != Stage::sealed || !index_.bytes) return nullptr;
    return std::make_unique<Source>(index_.bytes);
  }

  [[nodiscard]] std::unique_ptr<ByteSource> seal() override {
    const std::lock_guard lock(shared_->mutex);
    enter(Stage::writing);
    shared_->fail_if_asked(Call::seal);
    index_.sealed = true;
    stage_ = Stage::sealed;
    return std::make_unique<Source>(bytes_);
  }

  void commit(const Manifest& manifest) override {
    const std::lock_guard lock(shared_->mutex);
    enter(Stage::sealed);
    shared_->fail_if_asked(Call::commit);
    store::check_manifest(
        manifest, key_, archive_, bytes_->size(),
        index_.bytes ? std::optional<std::uint64_t>(index_.bytes->size()) : std::nullopt);
    if (!manifest.index) index_.drop();
    shared_->backups[key_] = {manifest, bytes_, std::move(index_.bytes)};
    stage_ = Stage::committed;
  }

 private:
  static constexpr std::size_t kMostHeld = std::size_t{64} << 10U;
  enum class Stage { writing, sealed, committed, failed };

  // The stage is `failed` until the call sets it at its end.
  void enter(Stage expected) {
    if (stage_ != expected) {
      throw Error({"write backup", key_.id(), "its writer has failed or is past that step"});
    }
    stage_ = Stage::failed;
  }

  struct Index final : ByteSink {
    explicit Index(Shared& shared_with) : shared(shared_with) {}

    void append(std::span<const std::byte> more) override {
      const std::lock_guard lock(shared.mutex);
      try {
        if (sealed || given_up) throw Error({"write index", shared.name, "it is past that"});
        shared.fail_if_asked(Call::index);
        shared.check_room(more.size());
        if (!bytes) bytes = std::make_shared<Bytes>();
        bytes->insert(bytes->end(), more.begin(), more.end());
        shared.used += more.size();
      } catch (...) {
        given_up = true;
        drop();
        throw;
      }
    }
    void hold(std::size_t) override { rewrite(0, {}); }
    void rewrite(std::uint64_t, std::span<const std::byte>) override {
      const std::lock_guard lock(shared.mutex);
      given_up = true;
      drop();
      throw Error({"rewrite index", shared.name, "it can only be appended to"});
    }
    void drop() {
      if (bytes) shared.used -= bytes->size();
      bytes.reset();
    }

    Shared& shared;
    std::shared_ptr<Bytes> bytes;  // nullptr: none
    bool sealed = false;
    bool given_up = false;
  };

  std::shared_ptr<Shared> shared_;
  BackupKey key_;
  std::string archive_;
  Index index_{*shared_};
  std::shared_ptr<Bytes> bytes_ = std::make_shared<Bytes>();
  std::size_t held_length_ = 0;                 // for the next append
  std::pair<std::size_t, std::size_t> held_{};  // from, to
  Stage stage_ = Stage::writing;
};

MemoryStore::MemoryStore(std::string name)
    : name_(std::move(name)), shared_(std::make_shared<Shared>()) {
  shared_->name = name_;
}
MemoryStore::~MemoryStore() = default;

void MemoryStore::fail_next(Call call, std::exception_ptr error) {
  const std::lock_guard lock(shared_->mutex);
  shared_->failures[call] = std::move(error);
}

void MemoryStore::fail_append_after(std::uint64_t bytes, std::exception_ptr error) {
  const std::lock_guard lock(shared_->mutex);
  shared_->fail_append_above = shared_->appended + bytes;
  shared_->append_error = std::move(error);
}

void MemoryStore::limit_space(std::uint64_t bytes) {
  const std::lock_guard lock(shared_->mutex);
  shared_->limit = bytes;
}

void MemoryStore::leave_free(std::uint64_t bytes) {
  const std::lock_guard lock(shared_->mutex);
  shared_->limit = shared_->used + bytes;
}

void MemoryStore::set_min_free(ByteSize min_free) {
  const std::lock_guard lock(shared_->mutex);
  shared_->min_free = min_free;
}

void MemoryStore::damage(const BackupKey& key, std::uint64_t offset) {
  const std::lock_guard lock(shared_->mutex);
  auto& backup = shared_->get(key);
  backup.bytes = std::make_shared<Bytes>(*backup.bytes);
  backup.bytes->at(static_cast<std::size_t>(offset)) ^= std::byte{1};
}

void MemoryStore::damage_index(const BackupKey& key, std::uint64_t offset) {
  const std::lock_guard lock(shared_->mutex);
  auto& backup = shared_->get(key);
  backup.index = std::make_shared<Bytes>(*backup.index);
  backup.index->at(static_cast<std::size_t>(offset)) ^= std::byte{1};
}

void MemoryStore::add_problem(std::string subject, std::string why) {
  const std::lock_guard lock(shared_->mutex);
  shared_->problems.push_back({std::move(subject), std::move(why)});
}

std::size_t MemoryStore::open_writers() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->open.size();
}

std::string MemoryStore::describe() const { return name_; }

std::unique_ptr<store::BackupWriter> MemoryStore::begin(const BackupKey& key,
                                                        const std::string& extension) {
  store::check_key(key);
  store::check_extension(extension);
  const std::lock_guard lock(shared_->mutex);
  shared_->fail_if_asked(Call::begin);
  shared_->check_room(0);
  BackupKey unique = key;
  while (shared_->backups.count(unique) != 0 || shared_->open.count(unique) != 0) {
    unique = unique.next();
  }
  shared_->open.insert(unique);
  return std::make_unique<Writer>(shared_, unique,
                                  unique.target + "-" + unique.stamp + "." + extension);
}

store::Listing MemoryStore::list(std::stop_token stop) {
  const std::lock_guard lock(shared_->mutex);
  shared_->fail_if_asked(Call::list);
  if (stop.stop_requested()) throw CancelledError("list " + name_);
  store::Listing listing;
  for (const auto& [key, backup] : shared_->backups) listing.backups.push_back(backup.manifest);
  listing.problems = shared_->problems;
  return listing;
}

Manifest MemoryStore::manifest(const BackupKey& key) {
  store::check_key(key);
  const std::lock_guard lock(shared_->mutex);
  shared_->fail_if_asked(Call::manifest);
  return shared_->get(key).manifest;
}

std::unique_ptr<ByteSource> MemoryStore::open(const BackupKey& key) {
  store::check_key(key);
  const std::lock_guard lock(shared_->mutex);
  shared_->fail_if_asked(Call::open);
  return std::make_unique<Source>(shared_->get(key).bytes);
}

std::unique_ptr<ByteSource> MemoryStore::open_index(const BackupKey& key) {
  store::check_key(key);
  const std::lock_guard lock(shared_->mutex);
  shared_->fail_if_asked(Call::open);
  const auto& index = shared_->get(key).index;
  return index ? std::make_unique<Source>(index) : nullptr;
}

void MemoryStore::remove(const BackupKey& key) {
  store::check_key(key);
  const std::lock_guard lock(shared_->mutex);
  shared_->fail_if_asked(Call::remove);
  const auto found = shared_->backups.find(key);
  if (found == shared_->backups.end()) return;
  shared_->used -= found->second.size();
  shared_->backups.erase(found);
}

std::vector<std::string> MemoryStore::sweep() {
  const std::lock_guard lock(shared_->mutex);
  shared_->fail_if_asked(Call::sweep);
  return {};
}

std::optional<store::Space> MemoryStore::space() {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->limit == Shared::kNoLimit) return std::nullopt;
  return store::Space{shared_->limit, shared_->available()};
}

std::string MemoryStore::locate(const BackupKey& key) {
  store::check_key(key);
  const std::lock_guard lock(shared_->mutex);
  return name_ + ":" + key.job + "/" + key.target + "/" + shared_->get(key).manifest.archive;
}

}  // namespace snapshotter::test
