#include "target/filesystem/filesystem_target.hpp"

#include "async/offload.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "target/filesystem/exclude.hpp"
#include "target/filesystem/size_estimate.hpp"
#include "target/filesystem/tree_saver.hpp"
#include "target/filesystem/tree_walker.hpp"

#include <boost/json.hpp>

#include <chrono>
#include <utility>

namespace snapshotter::target {
namespace {

namespace json = boost::json;

// An estimate serves the progress bar only: it is not worth delaying the run.
constexpr std::chrono::seconds kEstimatePatience{5};

// Any bytes may be in a path; JSON takes UTF-8 only.
json::array printable_list(const std::vector<std::string>& paths) {
  json::array list;
  for (const std::string& path : paths) list.emplace_back(printable(path));
  return list;
}

class FilesystemTarget : public BackupTarget {
 public:
  explicit FilesystemTarget(FilesystemSettings settings)
      : paths_(std::move(settings.paths)),
        excludes_(settings.exclude, paths_),
        options_{.one_file_system = settings.one_file_system} {}

  std::string type() const override { return "filesystem"; }
  std::string describe() const override { return "files of " + printable(join(paths_, ", ")); }

  std::optional<std::uint64_t> estimate(std::stop_token stop) override {
    const auto deadline = std::chrono::steady_clock::now() + kEstimatePatience;
    const auto expired = [&] { return std::chrono::steady_clock::now() > deadline; };
    return estimate_size(paths_, excludes_, options_, expired, std::move(stop));
  }

  Task<Report> backup(Context& context) override {
    co_return co_await async::offload(context.pool, [this, &context](std::stop_token stop) {
      return save(context, std::move(stop));
    });
  }

  Task<> recover(Surroundings&) override { co_return; }  // it leaves nothing behind

 private:
  Report save(Context& context, std::stop_token stop) const;

  const std::vector<std::string> paths_;
  const Excludes excludes_;
  const WalkOptions options_;
};

Report FilesystemTarget::save(Context& context, std::stop_token stop) const {
  Report report;
  TreeSaver saver(context.archive, context.progress, report, stop);
  walk_trees(paths_, excludes_, options_, saver, stop);
  saver.finish();
  const SavedCounts& counts = saver.counts();
  report.source = json::serialize(json::object{{"paths", printable_list(paths_)},
                                               {"files", counts.files},
                                               {"directories", counts.directories},
                                               {"symlinks", counts.symlinks},
                                               {"hard_links", counts.hard_links},
                                               {"other", counts.other}});
  return report;
}

// Each wrong pattern is reported where it stands.
void check_patterns(settings::Section& section) {
  const settings::Node* const node = section.node("exclude");
  if (node == nullptr) return;
  const std::span<const settings::Node> items =
      node->kind == settings::Node::Kind::scalar ? std::span(node, 1) : std::span(node->items);
  for (const settings::Node& item : items) {
    if (item.kind != settings::Node::Kind::scalar) continue;
    try {
      static_cast<void>(Excludes(std::span(&item.scalar, 1), {}));
    } catch (const ConfigError& error) {
      section.problems().add(item.where, section.what() + ": pattern '" + error.subject() +
                                             "' of 'exclude' " + error.why());
    }
  }
}

}  // namespace

std::shared_ptr<BackupTarget> make_filesystem_target(std::string /*name*/,
                                                     FilesystemSettings settings) {
  return std::make_shared<FilesystemTarget>(std::move(settings));
}

std::shared_ptr<BackupTarget> filesystem_target_from(const std::string& name,
                                                     settings::Section& section) {
  FilesystemSettings settings;
  section.require("paths");
  settings.paths = section.paths("paths");
  settings.exclude = section.texts("exclude");
  settings.one_file_system = section.boolean("one_file_system").value_or(false);
  check_patterns(section);
  if (const settings::Node* paths = section.node("paths");
      paths != nullptr && paths->kind == settings::Node::Kind::sequence && paths->items.empty()) {
    section.problem("paths", "must name at least one path");
  }
  if (!section.problems().empty()) return nullptr;
  return make_filesystem_target(name, std::move(settings));
}

}  // namespace snapshotter::target
