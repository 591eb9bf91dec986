#include "config/load.hpp"

#include "base/text.hpp"
#include "config/interpolate.hpp"
#include "config/merge.hpp"
#include "config/sections.hpp"
#include "config/small_file.hpp"
#include "config/yaml.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <system_error>
#include <tuple>
#include <utility>

namespace snapshotter::config {
namespace {

namespace fs = std::filesystem;
using settings::Location;
using settings::Node;
using settings::Problem;
using settings::Problems;
using settings::Section;

constexpr std::size_t kLargestFile = std::size_t{16} << 20U;
constexpr mode_t kReadableByOthers = 044;
constexpr mode_t kWritableByAll = 002;
constexpr std::string_view kNoMainFile =
    "there is no such file; copy the commented example, "
    "/usr/share/doc/snapshotterd/examples/snapshotterd.yaml, to this place and change it, or name "
    "another file with --config";

struct InOrder {
  bool operator()(const Location& a, const Location& b) const {
    return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
  }
};
using Places = std::set<Location, InOrder>;

// The files merged into one tree, before anything in it was looked at.
struct Sources {
  Node root;
  std::map<std::string, mode_t> modes;  // of each file
  Problems problems;
  bool complete = true;  // false: some file could not be read or understood
};

std::string octal(mode_t mode) {
  char text[16];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode));
  return text;
}

std::string complaint(const Error& error) {
  const std::string advice = error.advice().empty() ? "" : " (" + error.advice() + ")";
  return "cannot read this file: " + error.why() + advice;
}

void add_source(Sources& sources, const std::string& path, bool main_file) {
  try {
    const SmallFile file = read_small_file(path, kLargestFile);
    sources.modes.emplace(path, file.mode);
    if (auto tree = parse_yaml(file.text, path, sources.problems)) {
      merge(sources.root, *std::move(tree));
    } else {
      sources.complete = false;
    }
  } catch (const Error& error) {
    sources.complete = false;
    const bool missing = main_file && error.error_number() == ENOENT;
    sources.problems.add({path, 0, 0}, missing ? std::string(kNoMainFile) : complaint(error));
  }
}

// conf.d/*.yaml as a shell would list them, but for what is no file: a link to /dev/null switches a
// drop-in off. A link that leads nowhere is more likely a mistake, and reading it will say so.
std::vector<std::string> drop_ins(const std::string& main_file, Problems& problems) {
  const fs::path folder = fs::path(main_file).parent_path() / "conf.d";
  std::vector<std::string> paths;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.') || !name.ends_with(".yaml")) continue;
    std::error_code ignored;
    const fs::file_type type = entry->status(ignored).type();
    if (type == fs::file_type::regular || type == fs::file_type::not_found) {
      paths.push_back(entry->path().string());
    }
  }
  if (error && error != std::errc::no_such_file_or_directory &&
      error != std::errc::not_a_directory) {
    problems.add({folder.string(), 0, 0}, "cannot read this folder: " + error.message());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

Declared declared_in(const Node& root) {
  return {Names("store", root.find("stores")), Names("target", root.find("targets")),
          Names("notifier", root.find("notifiers"))};
}

void warn_of_unused(const Node& root, std::string_view key, std::string_view kind,
                    const std::set<std::string>& used, std::vector<Problem>& warnings) {
  const Node* mapping = root.find(key);
  if (mapping == nullptr) return;
  for (const Node::Member& member : mapping->members) {
    if (used.contains(member.key)) continue;
    warnings.push_back(
        {member.where, std::string(kind) + " '" + printable(member.key) + "' is used by no job"});
  }
}

void warn_of_unused(const Node& root, Config& config) {
  std::set<std::string> stores, targets, notifiers;
  for (const auto& [name, job] : config.jobs) {
    stores.insert(job.store);
    targets.insert(job.targets.begin(), job.targets.end());
    notifiers.insert(job.notify.begin(), job.notify.end());
  }
  warn_of_unused(root, "stores", "store", stores, config.warnings);
  warn_of_unused(root, "targets", "target", targets, config.warnings);
  warn_of_unused(root, "notifiers", "notifier", notifiers, config.warnings);
  if (config.jobs.empty()) {
    config.warnings.push_back({root.where, "there are no jobs; nothing will be backed up"});
  }
}

// `x-…` at the top is for anchors that other sections refer to.
void allow_extensions(Section& root, const Node& node) {
  for (const Node::Member& member : node.members) {
    if (member.key.starts_with("x-")) (void)root.node(member.key);
  }
}

Config read_tree(const Node& node, const Registries& registries, Problems& problems) {
  Config config;
  const Declared declared = declared_in(node);
  Section root(node, "the configuration", problems);
  config.daemon = read_daemon(root);
  config.logging = read_logging(root);
  config.stores = read_stores(root, registries.stores);
  config.targets = read_targets(root, registries.targets);
  config.notifiers = read_notifiers(root, registries.notifiers);
  config.jobs = read_jobs(root, declared, config.daemon.timezone, config.warnings);
  allow_extensions(root, node);
  root.finish();
  warn_of_unused(node, config);
  return config;
}

void refuse_exposed_secrets(const std::map<std::string, mode_t>& modes, Problems& problems) {
  const std::vector<Location> secrets = problems.literal_secrets();
  for (const Location& where : Places(secrets.begin(), secrets.end())) {
    const auto file = modes.find(where.file);
    if (file == modes.end() || (file->second & kReadableByOthers) == 0) continue;
    problems.add(where,
                 "a password or other secret must not stand in a file that others can read (mode " +
                     octal(file->second) +
                     "): use ${NAME}, ${file:…} or ${credential:…}, or chmod 600 the file");
  }
}

// A value that could not be made out is one problem, not also that of being empty; and what is
// wrong in an anchor's value is wrong once, however often it is referred to.
Problems without_echoes(const Problems& all, const std::vector<Location>& unresolved) {
  const Places places(unresolved.begin(), unresolved.end());
  Places reported;
  std::set<std::tuple<std::string, int, int, std::string>> seen;
  Problems result;
  for (Problem& problem : all.sorted()) {
    const Location& where = problem.where;
    if (places.contains(where) && !reported.insert(where).second) continue;
    if (!seen.emplace(where.file, where.line, where.column, problem.message).second) continue;
    result.add(where, problem.message);
  }
  return result;
}

Config build(Sources sources, const Registries& registries, const Environment& environment) {
  Problems& problems = sources.problems;
  if (!sources.complete) throw InvalidConfig(std::move(problems));
  const std::vector<Location> unresolved = interpolate(sources.root, environment, problems);
  Config config = read_tree(sources.root, registries, problems);
  refuse_exposed_secrets(sources.modes, problems);
  if (!problems.empty()) throw InvalidConfig(without_echoes(problems, unresolved));
  for (const auto& [file, mode] : sources.modes) {
    if ((mode & kWritableByAll) == 0) continue;
    config.warnings.push_back(
        {{file, 0, 0}, "everybody can change this file (mode " + octal(mode) + "); chmod 600 it"});
  }
  std::stable_sort(config.warnings.begin(), config.warnings.end(),
                   [](const Problem& a, const Problem& b) { return InOrder{}(a.where, b.where); });
  return config;
}

std::string summary(const Problems& problems) {
  const std::size_t count = problems.sorted().size();
  return count == 1 ? "1 problem" : std::to_string(count) + " problems";
}

// "file:line:column: message" a line, without an end of line behind the last.
std::string lines(const Problems& problems) {
  std::string text = problems.to_string();
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

Environment process_environment() {
  Environment environment;
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
  environment.credentials_directory =
      environment.variable("CREDENTIALS_DIRECTORY").value_or(std::string());
  return environment;
}

InvalidConfig::InvalidConfig(settings::Problems problems)
    : ConfigError({.doing = "use the configuration", .subject = {}, .why = summary(problems)}),
      text_(lines(problems)),
      problems_(std::move(problems)) {}

Config load(const std::string& path, const Registries& registries, const Environment& environment) {
  Sources sources;
  add_source(sources, path, true);
  for (const std::string& drop_in : drop_ins(path, sources.problems)) {
    add_source(sources, drop_in, false);
  }
  return build(std::move(sources), registries, environment);
}

Config parse(std::string_view yaml, const std::string& file_name, const Registries& registries,
             const Environment& environment) {
  Sources sources;
  if (auto tree = parse_yaml(yaml, file_name, sources.problems)) {
    sources.root = *std::move(tree);
  } else {
    sources.complete = false;
  }
  return build(std::move(sources), registries, environment);
}

}  // namespace snapshotter::config
