#include "base/text.hpp"
#include "config/sections.hpp"

#include <algorithm>

namespace snapshotter::config {
namespace {

using notify::EventKind;
using settings::Section;

std::vector<EventKind> read_events(Section& section) {
  if (section.node("events") == nullptr) {
    // What went wrong, and that it is right again: an alert that was opened must be resolved.
    // `overdue` is for when nothing went wrong because nothing went at all.
    return {EventKind::failed, EventKind::partial, EventKind::missed, EventKind::overdue,
            EventKind::recovered};
  }
  std::vector<EventKind> events;
  // For its reports of what is no text.
  (void)section.texts("events");
  const auto named = scalars(section.node("events"));
  for (const settings::Node* node : named) {
    const std::optional<EventKind> event = notify::parse_event(node->scalar);
    if (event == EventKind::test) {
      section.problems().add(node->where,
                             section.what() +
                                 ": 'test' can't be listed; it is sent when 'snapshotctl "
                                 "notify test' asks for it");
    } else if (!event) {
      const std::vector<std::string> names = notify::event_names();
      const std::string meant = node->interpolated ? "" : suggestion(node->scalar, names);
      section.problems().add(node->where,
                             section.what() + ": no event " + shown(*node) +
                                 (meant.empty() ? "; there is " + join(names, ", ") : meant));
    } else if (std::find(events.begin(), events.end(), *event) != events.end()) {
      section.problems().add(node->where,
                             section.what() + ": 'events' lists " + shown(*node) + " twice");
    } else {
      events.push_back(*event);
    }
  }
  const settings::Node& list = *section.node("events");
  if (named.empty() && list.items.empty() && list.kind != settings::Node::Kind::mapping) {
    section.problem("events", "names no event; name one, or leave the key out");
  }
  return events;
}

}  // namespace

std::map<std::string, NotifierSpec> read_notifiers(Section& root,
                                                   const notify::NotifierRegistry& types) {
  std::map<std::string, NotifierSpec> notifiers;
  for (auto& [name, section] : read_named(root, "notifiers", "notifier")) {
    NotifierSpec spec;
    spec.name = name;
    spec.events = read_events(section);
    make_product(types, section, spec, &NotifierSpec::notifier);
    notifiers.emplace(name, std::move(spec));
  }
  return notifiers;
}

}  // namespace snapshotter::config
