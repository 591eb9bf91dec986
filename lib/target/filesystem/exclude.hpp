// What a filesystem target leaves out: the language of its key `exclude`, close to gitignore's.
//
//   *.tmp              no '/' but at the end: the name of anything below the configured paths
//   /opt/app/cache     '/' at the start: the absolute path
//   config/cache/**    '/' inside: the path relative to any of the configured paths
//   build/             '/' at the end: folders only (a symlink to a folder is none)
//   !keep.tmp          '!' at the start: takes back what an earlier pattern excluded
//
// with the wildcards of glob.hpp. The last pattern that matches decides. An excluded folder is not
// entered, so nothing below it can be taken back; exclude what is in it ("cache/**") to do that.
// A configured path itself is never excluded: it was asked for by name. Patterns and paths are
// bytes; case counts. "\!" and "\*" stand for the characters themselves. A pattern that never could
// match (empty, "//", "." or ".." as a component) is an error, so that a slip does not stay unseen.
#pragma once

#include "target/filesystem/glob.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::target {

// Immutable after construction; any thread.
class Excludes {
 public:
  Excludes() = default;
  // `paths` are the configured ones, absolute and normalised. Throws ConfigError for the first
  // pattern that is wrong; its why() follows on the pattern: "is empty".
  Excludes(std::span<const std::string> patterns, std::span<const std::string> paths);

  // `path` is absolute and normalised. To be asked from the top down: for what lies in an excluded
  // folder the answer has no meaning.
  [[nodiscard]] bool excludes(std::string_view path, bool directory) const;

 private:
  struct Rule {
    Glob glob;
    bool by_name;  // the glob is for the last component, not for the path
    bool directories_only;
    bool takes_back;
  };
  void add(std::string_view pattern, std::span<const std::string> paths);

  std::vector<Rule> rules_;
};

}  // namespace snapshotter::target
