#include "target/owner_names.hpp"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <vector>

namespace snapshotter::target {
namespace {

constexpr std::size_t kLargestRecord = 16 * 1024 * 1024;  // a group can have very many members

// `look_up` is getpwuid_r or getgrgid_r.
template <class Record, class LookUp>
std::string name_of(unsigned id, char* Record::*name, LookUp look_up) {
  std::vector<char> buffer(4096);
  for (;;) {
    Record record{};
    Record* found = nullptr;
    const int error = look_up(id, &record, buffer.data(), buffer.size(), &found);
    if (error == EINTR) continue;
    if (error != ERANGE || buffer.size() >= kLargestRecord) {
      return found == nullptr ? "" : found->*name;
    }
    buffer.resize(buffer.size() * 4);
  }
}

}  // namespace

const std::string& OwnerNames::user(uid_t uid) {
  const auto known = users_.find(uid);
  if (known != users_.end()) return known->second;
  return users_.emplace(uid, name_of(uid, &passwd::pw_name, ::getpwuid_r)).first->second;
}

const std::string& OwnerNames::group(gid_t gid) {
  const auto known = groups_.find(gid);
  if (known != groups_.end()) return known->second;
  return groups_.emplace(gid, name_of(gid, &group::gr_name, ::getgrgid_r)).first->second;
}

}  // namespace snapshotter::target
