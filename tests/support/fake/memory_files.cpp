#include "support/fake/memory_files.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

namespace snapshotter::test {

using platform::FileInfo;
using platform::SpaceInfo;

using Bytes = std::vector<std::byte>;

struct MemoryFiles::Node {
  using Names = std::map<std::string, std::shared_ptr<Node>>;

  explicit Node(bool is_directory) : directory(is_directory) {}

  void forget_unsynced() {
    names = durable_names;
    content = durable_content;
    sync_failed = false;
    for (const auto& [name, node] : names) node->forget_unsynced();
  }
  void sync_names() { durable_names = names; }

  const bool directory;
  Names names;
  Names durable_names;
  Bytes content;
  Bytes durable_content;
  bool sync_failed = false;
  Time modified;
};

struct MemoryFiles::Disk {
  static constexpr std::uint64_t kPlenty = std::uint64_t{1} << 40U;

  // To be called, with the mutex, at the start of each call: the errno it is to fail with, or 0.
  int count() {
    const auto planned = failures.find(++calls);
    return planned == failures.end() ? 0 : planned->second;
  }
  void count(const char* doing, const std::string& path) {
    if (const int error_number = count()) throw_system_error(doing, path, error_number);
  }

  // nullptr where nothing has that name; throws where a file stands in the place of a folder.
  std::shared_ptr<Node> find(const std::string& path) {
    auto node = root;
    for (const auto& name : split(path, '/')) {
      if (name.empty()) continue;
      if (!node->directory) throw_system_error("look at", path, ENOTDIR);
      const auto found = node->names.find(name);
      if (found == node->names.end()) return nullptr;
      node = found->second;
    }
    return node;
  }
  std::shared_ptr<Node> get(const char* doing, const std::string& path) {
    auto node = find(path);
    if (!node) throw_system_error(doing, path, ENOENT);
    return node;
  }
  Node& parent_of(const char* doing, const std::string& path) {
    const auto parent = get(doing, path.substr(0, path.find_last_of('/')));
    if (!parent->directory) throw_system_error(doing, path, ENOTDIR);
    return *parent;
  }
  std::shared_ptr<Node> add_file(const char* doing, const std::string& path) {
    auto& parent = parent_of(doing, path);
    auto node = std::make_shared<Node>(false);
    node->modified = tick();
    parent.names[name_of(path)] = node;
    return node;
  }
  static std::string name_of(const std::string& path) {
    return path.substr(path.find_last_of('/') + 1);
  }

  std::uint64_t used() const {
    std::set<const Node*> seen;
    std::vector<const Node*> queue{root.get()};
    std::uint64_t sum = 0;
    while (!queue.empty()) {
      const auto* node = queue.back();
      queue.pop_back();
      if (!seen.insert(node).second) continue;
      sum += node->content.size();
      for (const auto& [name, child] : node->names) queue.push_back(child.get());
      for (const auto& [name, child] : node->durable_names) queue.push_back(child.get());
    }
    return sum;
  }
  std::uint64_t available() const { return space - std::min(space, used()); }

  Time tick() const { return Time{std::chrono::seconds{calls}}; }

  std::mutex mutex;
  const std::shared_ptr<Node> root = std::make_shared<Node>(true);
  std::uint64_t calls = 0;
  std::map<std::uint64_t, int> failures;
  std::uint64_t space = kPlenty;
  std::uint64_t power_cuts = 0;
  std::set<const Node*> locked;
};

class MemoryFiles::OpenFile : public platform::File {
 public:
  OpenFile(std::shared_ptr<Disk> disk, std::shared_ptr<Node> node, std::string path, bool writable)
      : disk_(std::move(disk)),
        node_(std::move(node)),
        path_(std::move(path)),
        writable_(writable),
        opened_after_(disk_->power_cuts) {}

  void write(std::span<const std::byte> bytes) override {
    const std::lock_guard lock(disk_->mutex);
    put(node_->content.size(), bytes);
  }

  void write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    const std::lock_guard lock(disk_->mutex);
    put(static_cast<std::size_t>(offset), bytes);
  }

  std::size_t read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    const std::lock_guard lock(disk_->mutex);
    disk_->count("read", path_);
    check_open("read");
    const auto& content = node_->content;
    if (offset >= content.size()) return 0;
    const auto from = std::span(content).subspan(static_cast<std::size_t>(offset));
    const auto part = from.first(std::min(from.size(), into.size()));
    std::ranges::copy(part, into.begin());
    return part.size();
  }

  std::uint64_t size() const override {
    const std::lock_guard lock(disk_->mutex);
    return node_->content.size();
  }

  void sync() override {
    const std::lock_guard lock(disk_->mutex);
    const int failure = disk_->count();
    check_open("sync");
    if (failure != 0) {
      node_->sync_failed = true;
      throw_system_error("sync", path_, failure);
    }
    if (!node_->sync_failed) node_->durable_content = node_->content;
  }

  void drop_cache() override {}

 private:
  void check_open(const char* doing) const {
    if (disk_->power_cuts != opened_after_) throw_system_error(doing, path_, EBADF);
  }

  void put(std::size_t offset, std::span<const std::byte> bytes) {
    int failure = disk_->count();
    check_open("write");
    if (!writable_) throw_system_error("write", path_, EBADF);
    auto& content = node_->content;
    auto part = bytes;
    if (failure != 0) part = bytes.first(bytes.size() / 2);
    if (disk_->space != Disk::kPlenty && failure == 0) {
      const auto room = disk_->available() + content.size();
      if (offset + bytes.size() > room) {
        part = bytes.first(room > offset ? static_cast<std::size_t>(room) - offset : 0);
        failure = ENOSPC;
      }
    }
    content.resize(std::max(content.size(), offset + part.size()));
    std::ranges::copy(part, content.begin() + static_cast<std::ptrdiff_t>(offset));
    node_->modified = disk_->tick();
    if (failure != 0) throw_system_error("write", path_, failure);
  }

  const std::shared_ptr<Disk> disk_;
  const std::shared_ptr<Node> node_;
  const std::string path_;
  const bool writable_;
  const std::uint64_t opened_after_;
};

MemoryFiles::MemoryFiles() : disk_(std::make_shared<Disk>()) {}
MemoryFiles::~MemoryFiles() = default;

void MemoryFiles::power_cut() {
  const std::lock_guard lock(disk_->mutex);
  disk_->root->forget_unsynced();
  disk_->locked.clear();
  ++disk_->power_cuts;
}

void MemoryFiles::fail_call(std::uint64_t n, int error_number) {
  const std::lock_guard lock(disk_->mutex);
  disk_->failures[n] = error_number;
}

std::uint64_t MemoryFiles::calls() const {
  const std::lock_guard lock(disk_->mutex);
  return disk_->calls;
}

void MemoryFiles::limit_space(std::uint64_t bytes) {
  const std::lock_guard lock(disk_->mutex);
  disk_->space = bytes;
}

std::unique_ptr<platform::File> MemoryFiles::create(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  disk_->count("create", path);
  if (disk_->find(path)) throw_system_error("create", path, EEXIST);
  return std::make_unique<OpenFile>(disk_, disk_->add_file("create", path), path, true);
}

std::unique_ptr<platform::File> MemoryFiles::open_read(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  disk_->count("open", path);
  auto node = disk_->get("open", path);
  if (node->directory) throw_system_error("open", path, EISDIR);
  return std::make_unique<OpenFile>(disk_, std::move(node), path, false);
}

void MemoryFiles::make_directories(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  disk_->count("create directory", path);
  auto node = disk_->root;
  for (const auto& name : split(path, '/')) {
    if (name.empty()) continue;
    if (!node->directory) throw_system_error("create directory", path, ENOTDIR);
    auto& child = node->names[name];
    if (!child) {
      child = std::make_shared<Node>(true);
      node->sync_names();
    }
    node = child;
  }
  if (!node->directory) throw_system_error("create directory", path, EEXIST);
}

std::optional<std::vector<FileInfo>> MemoryFiles::list(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  disk_->count("list directory", path);
  const auto node = disk_->find(path);
  if (!node) return std::nullopt;
  if (!node->directory) throw_system_error("list directory", path, ENOTDIR);
  std::vector<FileInfo> entries;
  for (const auto& [name, child] : node->names) {
    entries.push_back({name, child->directory ? FileInfo::Kind::directory : FileInfo::Kind::file,
                       child->content.size(), child->modified});
  }
  return entries;
}

std::optional<FileInfo> MemoryFiles::info(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  disk_->count("look at", path);
  const auto node = disk_->find(path);
  if (!node) return std::nullopt;
  return FileInfo{Disk::name_of(path),
                  node->directory ? FileInfo::Kind::directory : FileInfo::Kind::file,
                  node->content.size(), node->modified};
}

void MemoryFiles::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(disk_->mutex);
  disk_->count("rename", from);
  const auto node = disk_->get("rename", from);
  auto& parent = disk_->parent_of("rename", to);
  if (const auto replaced = disk_->find(to); replaced && replaced != node) {
    if (replaced->directory && !node->directory) throw_system_error("rename", to, EISDIR);
    if (!replaced->directory && node->directory) throw_system_error("rename", to, ENOTDIR);
    if (!replaced->names.empty()) throw_system_error("rename", to, ENOTEMPTY);
  }
  disk_->parent_of("rename", from).names.erase(Disk::name_of(from));
  parent.names[Disk::name_of(to)] = node;
}

void MemoryFiles::remove(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  disk_->count("remove", path);
  const auto node = disk_->find(path);
  if (!node) return;
  if (node->directory) throw_system_error("remove", path, EISDIR);
  disk_->parent_of("remove", path).names.erase(Disk::name_of(path));
}

void MemoryFiles::remove_directory(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  disk_->count("remove directory", path);
  const auto node = disk_->find(path);
  if (!node) return;
  if (!node->directory) throw_system_error("remove directory", path, ENOTDIR);
  if (!node->names.empty()) throw_system_error("remove directory", path, ENOTEMPTY);
  disk_->parent_of("remove directory", path).names.erase(Disk::name_of(path));
}

void MemoryFiles::sync_directory(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  disk_->count("sync directory", path);
  const auto node = disk_->get("sync directory", path);
  if (!node->directory) throw_system_error("sync directory", path, ENOTDIR);
  node->sync_names();
}

SpaceInfo MemoryFiles::space(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  disk_->count("read the free space of", path);
  disk_->get("read the free space of", path);
  return {.total = disk_->space, .available = disk_->available()};
}

std::shared_ptr<void> MemoryFiles::lock(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  disk_->count("lock", path);
  auto node = disk_->find(path);
  if (node && node->directory) throw_system_error("lock", path, EISDIR);
  if (!node) node = disk_->add_file("lock", path);
  if (!disk_->locked.insert(node.get()).second) return nullptr;
  return {node.get(), [disk = disk_, node, cuts = disk_->power_cuts](void*) {
            const std::lock_guard guard(disk->mutex);
            if (disk->power_cuts == cuts) disk->locked.erase(node.get());
          }};
}

}  // namespace snapshotter::test
