#include "store/directory/directory_store.hpp"
#include "store/store.hpp"

namespace snapshotter::store {

StoreRegistry built_in_stores(platform::Files& files) {
  StoreRegistry registry;
  registry.add("directory", [&files](const std::string&, settings::Section& section) {
    return directory_store_from(files, section);
  });
  return registry;
}

}  // namespace snapshotter::store
