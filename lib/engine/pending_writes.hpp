// What must get into the catalog, also when that can't be written right now: how runs ended, which
// firings were answered, and the events that tell of it.
#pragma once

#include "engine/catalog_access.hpp"
#include "telemetry/log.hpp"

#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace snapshotter::engine {

// Loop thread. What fails is kept in memory and tried again, in order, with the next write: a full
// disk delays a record, and the events in it, until there is room. Only a process that ends before
// loses them.
class PendingWrites {
 public:
  // Beyond this many the oldest is lost, which is logged.
  static constexpr std::size_t kMost = 1000;

  // One call of one member of Catalog: a transaction, so that nothing is done twice.
  using Change = std::function<void(catalog::Catalog&)>;
  // Told which notifiers have new events in the outbox.
  using OnEvents = std::function<void(const std::vector<std::string>& notifiers)>;

  PendingWrites(CatalogAccess& catalog, telemetry::Logger log, OnEvents on_events);

  // Has it wait for the next write() or flush(). `events` are those it puts into the outbox.
  void add(Change change, const std::vector<catalog::OutboxEntry>& events = {});
  // Makes the change, after those that wait. False: it waits now, and why was logged. Throws
  // nothing.
  [[nodiscard]] Task<bool> write(Change change, std::vector<catalog::OutboxEntry> events = {});
  // True: what waited when it was called is in.
  [[nodiscard]] Task<bool> flush();
  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }

 private:
  struct Write {
    Change change;
    std::vector<std::string> notifiers;
  };
  void keep(std::deque<Write> failed, std::size_t done, const std::string& error);

  CatalogAccess& catalog_;
  telemetry::Logger log_;
  OnEvents on_events_;
  std::deque<Write> waiting_;
};

}  // namespace snapshotter::engine
