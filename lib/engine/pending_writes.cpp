#include "engine/pending_writes.hpp"

#include "base/error.hpp"

#include <iterator>
#include <utility>

namespace snapshotter::engine {

PendingWrites::PendingWrites(CatalogAccess& catalog, telemetry::Logger log, OnEvents on_events)
    : catalog_(catalog), log_(std::move(log)), on_events_(std::move(on_events)) {}

void PendingWrites::add(Change change, const std::vector<catalog::OutboxEntry>& events) {
  Write added;
  added.change = std::move(change);
  for (const auto& event : events) added.notifiers.push_back(event.notifier);
  waiting_.push_back(std::move(added));
}

Task<bool> PendingWrites::write(Change change, std::vector<catalog::OutboxEntry> events) {
  add(std::move(change), events);
  co_return co_await flush();
}

Task<bool> PendingWrites::flush() {
  if (waiting_.empty()) co_return true;
  // Taken out meanwhile: whoever flushes too must not do the same again.
  auto taken = std::exchange(waiting_, {});
  std::size_t done = 0;
  std::string error;
  try {
    co_await catalog_.call([&](catalog::Catalog& records) {
      for (auto& write : taken) {
        write.change(records);
        ++done;
      }
    });
  } catch (const std::exception& failure) {
    error = failure.what();
  }
  std::vector<std::string> notifiers;
  for (std::size_t i = 0; i < done; ++i) {
    std::ranges::move(taken[i].notifiers, std::back_inserter(notifiers));
  }
  if (!notifiers.empty()) on_events_(notifiers);
  if (done == taken.size()) co_return true;
  keep(std::move(taken), done, error);
  co_return false;
}

void PendingWrites::keep(std::deque<Write> failed, std::size_t done, const std::string& error) {
  failed.erase(failed.begin(), failed.begin() + static_cast<std::ptrdiff_t>(done));
  std::ranges::move(waiting_, std::back_inserter(failed));
  waiting_ = std::move(failed);
  log_.error(error + "; it is tried again with the next change");
  if (waiting_.size() <= kMost) return;
  const auto lost = waiting_.size() - kMost;
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(lost));
  log_.error(std::to_string(lost) + " changes to the catalog are lost, with their events");
}

}  // namespace snapshotter::engine
