// A store in memory: obeys the contract of store/store.hpp (tests/contract/store runs it), fails on
// demand.
#pragma once

#include "store/store.hpp"

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace snapshotter::test {

// Any thread, as every Store. Stricter than a directory where an object store would be: only bytes
// that were held can be rewritten.
class MemoryStore final : public store::Store {
 public:
  enum class Call { begin, append, index, seal, commit, list, manifest, open, remove, sweep };

  explicit MemoryStore(std::string name = "memory");
  ~MemoryStore() override;

  // The next such call throws `error`, once (`index`: an append to a writer's index). A commit that
  // fails has published nothing.
  void fail_next(Call call, std::exception_ptr error);
  template <class Failure>
  void fail_next(Call call, Failure error) {
    fail_next(call, std::make_exception_ptr(std::move(error)));
  }
  // The append that would bring the bytes appended from now on, by all writers, above `bytes`
  // throws `error`, once.
  void fail_append_after(std::uint64_t bytes, std::exception_ptr error);

  // Room for this many bytes, of finished and unfinished backups; unlimited at first.
  void limit_space(std::uint64_t bytes);
  // Leaves room for this many bytes beside what is there now.
  void leave_free(std::uint64_t bytes);
  void set_min_free(ByteSize min_free);

  // Flips one bit of a finished archive. The backup must exist.
  void damage(const store::BackupKey& key, std::uint64_t offset);
  // The same with its index, which it must have.
  void damage_index(const store::BackupKey& key, std::uint64_t offset);
  // What list() reports besides.
  void add_problem(std::string subject, std::string why);
  [[nodiscard]] std::size_t open_writers() const;

  [[nodiscard]] std::string describe() const override;
  [[nodiscard]] std::unique_ptr<store::BackupWriter> begin(const store::BackupKey& key,
                                                           const std::string& extension) override;
  [[nodiscard]] store::Listing list(std::stop_token stop) override;
  [[nodiscard]] store::Manifest manifest(const store::BackupKey& key) override;
  [[nodiscard]] std::unique_ptr<ByteSource> open(const store::BackupKey& key) override;
  [[nodiscard]] std::unique_ptr<ByteSource> open_index(const store::BackupKey& key) override;
  void remove(const store::BackupKey& key) override;
  std::vector<std::string> sweep() override;
  [[nodiscard]] std::optional<store::Space> space() override;
  [[nodiscard]] std::string locate(const store::BackupKey& key) override;

 private:
  struct Shared;
  class Writer;
  class Source;

  std::string name_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace snapshotter::test
