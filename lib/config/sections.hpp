// The readers of the sections: settings::Node → the parts of a Config. Internal to lib/config.
//
// Each reads one top-level section, adds a problem for everything that is wrong and goes on with
// defaults. What they return is of use only when there were no problems at all.
#pragma once

#include "base/registry.hpp"
#include "base/settings.hpp"
#include "config/config.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace snapshotter::config {

// A file of ten thousand dangling references is not worth ten thousand searches for the nearest
// name.
inline constexpr std::size_t kMostSuggestions = 100;

// The names that a section declares, good or not: a reference to a store that is itself wrong is no
// second problem.
class Names {
 public:
  // `kind`: "store"; `mapping`: the section's value or null.
  Names(std::string kind, const settings::Node* mapping);

  [[nodiscard]] bool contains(std::string_view name) const;
  [[nodiscard]] const std::vector<std::string>& all() const noexcept { return names_; }
  // "no target 'app-bd', did you mean 'app-db'?"
  [[nodiscard]] std::string missing(const settings::Node& reference) const;

 private:
  std::string kind_;
  std::vector<std::string> names_;  // sorted
  mutable std::size_t suggestions_left_ = kMostSuggestions;
};

// Suggestions for misspelt time zones, remembered: each costs a look at the whole tz database.
class ZoneHints {
 public:
  // ", did you mean 'Europe/Berlin'?" or "".
  [[nodiscard]] std::string suggestion(const std::string& name);

 private:
  std::map<std::string, std::string> known_;
};

struct Declared {
  Names stores, targets, notifiers;
};

[[nodiscard]] DaemonSettings read_daemon(settings::Section& root);
[[nodiscard]] LoggingSettings read_logging(settings::Section& root);
[[nodiscard]] std::map<std::string, StoreSpec> read_stores(settings::Section& root,
                                                           const store::StoreRegistry& types);
[[nodiscard]] std::map<std::string, TargetSpec> read_targets(settings::Section& root,
                                                             const target::TargetRegistry& types);
[[nodiscard]] std::map<std::string, NotifierSpec> read_notifiers(
    settings::Section& root, const notify::NotifierRegistry& types);
[[nodiscard]] std::map<std::string, JobSpec> read_jobs(settings::Section& root,
                                                       const Declared& declared,
                                                       const schedule::TimeZone& default_zone,
                                                       std::vector<settings::Problem>& warnings);

// ---- what the readers share ----

// A value as a message may show it: in quotes, and '${…}' for what came from outside.
[[nodiscard]] std::string shown(const settings::Node& node);
// The scalars of a list, or of a single value. Section::texts has reported everything else.
[[nodiscard]] std::vector<const settings::Node*> scalars(const settings::Node* list);
// Adds "WHAT COMPLAINT" at the section's place: "job 'nightly' has no targets".
void complain(settings::Section& section, std::string_view complaint);
// The time zone that `key` names, an unknown one reported with a suggestion.
[[nodiscard]] std::optional<schedule::TimeZone> read_zone(settings::Section& section,
                                                          std::string_view key, ZoneHints& hints);
// A duration or size of which nothing would make no sense.
[[nodiscard]] std::optional<Duration> read_positive_duration(settings::Section& section,
                                                             std::string_view key);
[[nodiscard]] std::optional<ByteSize> read_positive_size(settings::Section& section,
                                                         std::string_view key);
// Bytes a second: "50MiB", "50MiB/s".
[[nodiscard]] std::optional<ByteSize> read_bandwidth(settings::Section& section,
                                                     std::string_view key);
[[nodiscard]] std::optional<std::uint32_t> read_count(settings::Section& section,
                                                      std::string_view key, std::uint32_t min,
                                                      std::uint32_t max);
// The value of `type`, when it is one of `types`.
[[nodiscard]] std::optional<std::string> read_type(settings::Section& section,
                                                   const std::vector<std::string>& types);
// The named mappings of a top-level section, names that are not valid and values that are no
// mapping left out and reported. `kind`: "store".
[[nodiscard]] std::vector<std::pair<std::string, settings::Section>> read_named(
    settings::Section& root, std::string_view key, const std::string& kind);

// Has the section's type make the product, and ends the section. The caller has read the keys that
// all types have. Spec has the members `type` and, under `product`, the pointer.
template <class Spec, class Product>
void make_product(const Registry<Product>& types, settings::Section& section, Spec& spec,
                  std::shared_ptr<Product> Spec::*product) {
  const std::optional<std::string> type = read_type(section, types.types());
  // The keys of a type nobody knows can't be told from misspelt ones.
  if (!type) return;
  spec.type = *type;
  spec.*product = (*types.find(*type))(spec.name, section);
  section.finish();
}

}  // namespace snapshotter::config
