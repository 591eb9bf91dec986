#include "config/sections.hpp"

namespace snapshotter::config {
namespace {

using settings::Section;

void read_format(Section& section, StoreSpec& spec) {
  const std::vector<std::string> formats{std::string(name(archive::Format::tar_gz)),
                                         std::string(name(archive::Format::tar_zst))};
  if (const auto chosen = section.choice("format", formats)) {
    spec.format = archive::parse_format(*chosen).value_or(spec.format);
  }
  const std::optional<std::string> text = section.text("level");
  if (!text) return;
  if (const auto level = archive::parse_level(*text, spec.format)) {
    spec.level = *level;
  } else {
    const std::string_view most = spec.format == archive::Format::tar_gz ? "12" : "19";
    section.problem("level", "must be fast, balanced, small or, for " +
                                 std::string(name(spec.format)) + ", a number from 1 to " +
                                 std::string(most) + ", not " + shown(*section.node("level")));
  }
}

// Each store sweeps away what writers left behind, and would sweep away what another is just
// writing.
void check_place(const StoreSpec& spec, Section& section,
                 std::map<std::string, std::string>& places) {
  if (!spec.store) return;
  const std::string place = spec.store->describe();
  const auto [first, added] = places.emplace(place, spec.name);
  if (added) return;
  complain(section, "keeps its backups where store '" + first->second + "' does (" + place +
                        "); give each store a place of its own");
}

}  // namespace

std::map<std::string, StoreSpec> read_stores(Section& root, const store::StoreRegistry& types) {
  std::map<std::string, StoreSpec> stores;
  std::map<std::string, std::string> places;
  for (auto& [store_name, section] : read_named(root, "stores", "store")) {
    StoreSpec spec;
    spec.name = store_name;
    read_format(section, spec);
    spec.bandwidth = read_bandwidth(section, "bandwidth");
    make_product(types, section, spec, &StoreSpec::store);
    check_place(spec, section, places);
    stores.emplace(store_name, std::move(spec));
  }
  return stores;
}

}  // namespace snapshotter::config
