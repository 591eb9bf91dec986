// Kinds of things a configuration can name by `type:` – targets, stores, notifiers.
#pragma once

#include "base/settings.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter {

// One entry per type. Filled at start-up by the module's built_in_…() function, read-only after.
template <class Product>
class Registry {
 public:
  // Makes a product from its section of the configuration: reads the type's own keys, adds a
  // problem for each that is wrong, and does no I/O. `name` is the product's name in the
  // configuration. After a problem it may return null.
  using Make = std::function<std::shared_ptr<Product>(const std::string& name, settings::Section&)>;

  void add(std::string type, Make make) { types_.push_back({std::move(type), std::move(make)}); }
  [[nodiscard]] const Make* find(std::string_view type) const {
    for (const auto& entry : types_) {
      if (entry.type == type) return &entry.make;
    }
    return nullptr;
  }
  [[nodiscard]] std::vector<std::string> types() const {
    std::vector<std::string> names;
    for (const auto& entry : types_) names.push_back(entry.type);
    return names;
  }

 private:
  struct Entry {
    std::string type;
    Make make;
  };
  std::vector<Entry> types_;
};

}  // namespace snapshotter
