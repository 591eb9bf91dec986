// restore: finding the archive that is meant, and telling what came of it.
#include "base/error.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "snapshotctl/parts/documents.hpp"
#include "snapshotctl/parts/interrupts.hpp"
#include "snapshotctl/parts/json.hpp"
#include "snapshotctl/parts/restore_names.hpp"
#include "snapshotctl/restore.hpp"
#include "snapshotctl/terminal.hpp"
#include "snapshotctl/verbs.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <filesystem>
#include <iostream>

namespace snapshotter::ctl {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string backup, to;
  std::vector<std::string> paths;
  bool force = false, no_verify = false;
};

RequestError no_such_backup(const std::string& given, std::string why, std::string advice) {
  return RequestError({"restore", given, std::move(why), std::move(advice)},
                      ErrorKind::no_such_backup);
}

bool is_meant(const BackupPlace& place, const BackupName& name) {
  if (name.stamp.empty()) return place.good;
  return place.id == name.job + '/' + name.target + '/' + name.stamp;
}

// The archive's path; asks the daemon unless it is that of a file already.
std::string archive_of(Context& context, const std::string& given) {
  std::error_code ignored;
  if (fs::is_regular_file(given, ignored)) return fs::absolute(given).string();
  const auto name = parse_backup_name(given);
  if (!name || given.starts_with('.')) {
    throw no_such_backup(given, "there is no such file, and it is no name of a backup",
                         "write JOB/TARGET, or an id as `snapshotctl backups` lists them");
  }
  const auto backups = context.client().describe_backups(name->job, name->target);
  for (const auto& place : read_backups(backups)) {
    if (!is_meant(place, *name)) continue;
    if (place.location.empty()) {
      throw no_such_backup(given, "its store is not in the configuration any more",
                           "give the path of its archive instead");
    }
    if (!context.json) print("restoring " + place.id + " from " + fit(place.location) + '\n');
    return place.location;
  }
  throw no_such_backup(given,
                       name->stamp.empty() ? "it has no good backup" : "there is no such backup",
                       "see: snapshotctl backups " + name->job + '/' + name->target);
}

std::string to_json(const Options& options, const std::string& archive, const std::string& into,
                    const Restored& restored) {
  json::array problems;
  for (const auto& problem : restored.summary.problems) {
    problems.push_back(json::object{{"path", printable(problem.path)}, {"why", fit(problem.why)}});
  }
  json::array missing;
  for (const auto& path : restored.summary.not_found) missing.emplace_back(printable(path));
  return json::serialize(json::object{{"backup", options.backup},
                                      {"archive", printable(archive)},
                                      {"into", printable(into)},
                                      {"verified", restored.verified},
                                      {"indexed", restored.summary.indexed},
                                      {"bytes_read", restored.bytes_read},
                                      {"entries", restored.summary.entries},
                                      {"bytes", restored.summary.content_bytes},
                                      {"problems", std::move(problems)},
                                      {"not_found", std::move(missing)}}) +
         '\n';
}

void tell_problems(const archive::ExtractSummary& summary) {
  if (!summary.index_problem.empty()) {
    std::cerr << "snapshotctl: the archive was read as a whole, its index is of no use: "
              << fit(summary.index_problem) << '\n';
  }
  for (const auto& problem : summary.problems) {
    std::cerr << "snapshotctl: " << printable(problem.path) << ": " << fit(problem.why) << '\n';
  }
  for (const auto& path : summary.not_found) {
    std::cerr << "snapshotctl: nothing in the backup matches '" << printable(path) << "'\n";
  }
}

std::string summary_line(const Restored& restored, const std::string& into) {
  const auto& summary = restored.summary;
  auto line = "restored " + std::to_string(summary.entries) +
              (summary.entries == 1 ? " entry, " : " entries, ") +
              to_string(ByteSize{summary.content_bytes}) + ", into " + printable(into);
  if (restored.verified) line += "; the checksum was right";
  if (summary.indexed) line += "; read " + to_string(ByteSize{restored.bytes_read});
  if (::geteuid() != 0) line += "; owners were not restored, that takes root";
  return line + '\n';
}

int run(Context& context, const Options& options) {
  RestoreOptions work;
  work.archive = archive_of(context, options.backup);
  const fs::path to = options.to.empty() ? restored_folder(work.archive) : options.to;
  work.into = fs::absolute(to).lexically_normal().string();
  work.paths = options.paths;
  work.force = options.force;
  work.verify = !options.no_verify;
  work.progress = !context.json;
  if (!context.json && options.to.empty()) print("into " + printable(work.into) + '\n');
  try {
    const auto restored = restore(work);
    print(context.json ? to_json(options, work.archive, work.into, restored)
                       : summary_line(restored, work.into));
    tell_problems(restored.summary);
    const bool whole = restored.summary.problems.empty() && restored.summary.not_found.empty();
    return whole ? kExitGood : kExitPartial;
  } catch (const CancelledError&) {
    std::cerr << "snapshotctl: stopped; what was restored until then is in " << printable(work.into)
              << '\n';
    return Interrupts::kExitCode;
  }
}

}  // namespace

void add_restore_verb(CLI::App& app, Context& context) {
  auto& verb = add_verb(
      app, "restore",
      {"Get files back, here and now, with your own rights",
       "snapshotctl restore BACKUP [--to DIR] [--path P]… [--force]",
       "snapshotctl restore nightly/configs                  (the newest good one)\n"
       "snapshotctl restore nightly/configs/20261124T020000Z --to /tmp/back\n"
       "snapshotctl restore nightly/configs --path /etc/ssh --path '*.conf'\n"
       "snapshotctl restore /mnt/usb/configs-20261124T020000Z.tar.gz   (needs no daemon)"});
  const auto options = std::make_shared<Options>();
  verb.add_option("BACKUP", options->backup,
                  "An id, JOB/TARGET for its newest good backup, or the path of an archive")
      ->required();
  verb.add_option("--to", options->to, "The folder; else a new one in the current folder");
  verb.add_option("--path", options->paths,
                  "Only this path of the backup, or glob; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_flag("--force", options->force, "Replace files that exist");
  verb.add_flag("--no-verify", options->no_verify,
                "Do not compare with the checksum beside the archive first");
  verb.callback([&context, options] {
    context.action = [&context, options] { return run(context, *options); };
  });
}

}  // namespace snapshotter::ctl
