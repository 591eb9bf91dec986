#include "snapshotctl/parts/document_parts.hpp"
#include "snapshotctl/parts/documents.hpp"
#include "snapshotctl/parts/times.hpp"

namespace snapshotter::ctl {
namespace {

Cell pending_cell(const json::object& notifier, const View& view) {
  const auto pending = number(notifier, "pending");
  if (pending == 0) return {"none"};
  const auto since = time(notifier, "oldest_pending_at");
  return {std::to_string(pending) + (since ? ", since " + age(*since, view.now) : ""),
          Style::warning};
}

Cell given_up_cell(const json::object& notifier) {
  const auto count = number(notifier, "given_up");
  if (count == 0) return {"none"};
  return {std::to_string(count) + ": " + text(notifier, "given_up_why"), Style::warning};
}

}  // namespace

std::string render_notifiers(std::string_view notifiers, const View& view) {
  std::string all;
  for (const auto& value : parse_array(notifiers)) {
    const auto* notifier = as_object(value);
    if (notifier == nullptr) continue;
    const auto delivered = time(*notifier, "last_delivered_at");
    const auto next = time(*notifier, "next_attempt_at");
    Fields fields;
    fields.add("Notifier", {text(*notifier, "name"), Style::heading});
    fields.add("Where", text(*notifier, "type") + ' ' + text(*notifier, "where"));
    fields.add("Events", joined(*notifier, "events"));
    fields.add("Waiting", pending_cell(*notifier, view));
    if (next) fields.add("Next attempt", date_and_age(*next, view));
    fields.add("Last delivered", delivered ? date_and_age(*delivered, view) : "never");
    fields.add("Last answer", text(*notifier, "last_answer"));
    fields.add("Given up", given_up_cell(*notifier));
    all += (all.empty() ? "" : "\n") + fields.render(view);
  }
  return all.empty() ? "no notifiers are configured\n" : all;
}

std::string render_delivery(std::string_view delivery, const View& view) {
  const auto object = parse_object(delivery);
  const auto outcome = text(object, "outcome");
  const bool good = was_delivered(delivery);
  const auto what = outcome == "retry" ? "not delivered" : outcome;
  return text(object, "notifier") + ": " + paint(what, good ? Style::good : Style::bad, view) +
         ": " + text(object, "answer") + '\n';
}

bool was_delivered(std::string_view delivery) {
  return text(parse_object(delivery), "outcome") == "delivered";
}

}  // namespace snapshotter::ctl
