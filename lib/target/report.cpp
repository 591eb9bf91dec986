#include "target/target.hpp"

#include <utility>

namespace snapshotter::target {

void Report::add(Warning warning) {
  switch (warning.kind) {
    case Warning::Kind::note:
      ++notes;
      break;
    case Warning::Kind::changed:
      ++changed;
      break;
    case Warning::Kind::missing:
      ++missing;
      break;
    case Warning::Kind::attention:
      ++attentions;
      break;
  }
  if (warnings.size() < kMaxWarnings) {
    warnings.push_back(std::move(warning));
  } else if (warning.kind == Warning::Kind::attention) {
    warnings.back() = std::move(warning);
  }
}

}  // namespace snapshotter::target
