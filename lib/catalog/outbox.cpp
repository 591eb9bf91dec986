#include "catalog/catalog.hpp"
#include "catalog/impl.hpp"

namespace snapshotter::catalog {

void Catalog::Impl::put_events(const std::vector<OutboxEntry>& events) {
  for (const OutboxEntry& event : events) {
    db.execute(
        "INSERT INTO outbox (notifier, event_id, kind, job, at, document, attempts, last_attempt, "
        "next_attempt, last_answer) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        event.notifier, event.event_id, event.kind, event.job, event.at, event.document,
        std::int64_t{event.attempts}, event.last_attempt, event.next_attempt, event.last_answer);
  }
}

}  // namespace snapshotter::catalog
