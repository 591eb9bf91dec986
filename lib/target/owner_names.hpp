#pragma once

#include <sys/types.h>

#include <string>
#include <unordered_map>

namespace snapshotter::target {

// Names of users and groups, each asked for once: the answer may come over the network. A number
// without a name gives "". Blocking; one thread.
class OwnerNames {
 public:
  [[nodiscard]] const std::string& user(uid_t uid);
  [[nodiscard]] const std::string& group(gid_t gid);

 private:
  std::unordered_map<uid_t, std::string> users_;
  std::unordered_map<gid_t, std::string> groups_;
};

}  // namespace snapshotter::target
