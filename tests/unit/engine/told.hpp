// What notifiers got, in a form that tests can compare.
#pragma once

#include "support/fake/fake_notifier.hpp"

#include <boost/json.hpp>

#include <string>
#include <vector>

namespace snapshotter::test {

using Kinds = std::vector<std::string>;

// The kinds of the delivered events, in order.
inline Kinds told(const FakeNotifier& notifier) {
  Kinds kinds;
  for (const auto& event : notifier.delivered()) kinds.emplace_back(notify::name(event.kind));
  return kinds;
}

inline boost::json::value document(const notify::Event& event) {
  return boost::json::parse(event.document);
}

// "/run/results/0/state" of the document; fails the test when there is no text.
inline std::string text_at(const notify::Event& event, const std::string& pointer) {
  const auto whole = document(event);
  return std::string(whole.at_pointer(pointer).as_string());
}

}  // namespace snapshotter::test
