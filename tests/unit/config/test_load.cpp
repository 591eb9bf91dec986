// Files: drop-ins, secrets in files that others can read, files that can't be read.
#include "base/text.hpp"
#include "config/merge.hpp"
#include "config/small_file.hpp"
#include "fixture.hpp"
#include "support/temp_dir.hpp"

#include <sys/stat.h>

#include <cstdio>

using namespace snapshotter;
using namespace snapshotter::test;
namespace fs = std::filesystem;

namespace {

class Folder {
 public:
  Folder() { fs::create_directory(dir_.path() / "conf.d"); }

  void write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    write_file(dir_.path() / name, text);
    REQUIRE(::chmod((dir_.path() / name).c_str(), mode) == 0);
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (dir_.path() / name).string();
  }
  [[nodiscard]] config::Config load(
      const config::Environment& environment = environment_of({})) const {
    return config::load(path("main.yaml"), fake_types(), environment);
  }
  // What what() says, without the folder's name; "" when it loads.
  [[nodiscard]] std::string complaint(
      const config::Environment& environment = environment_of({})) const {
    try {
      (void)load(environment);
      return {};
    } catch (const config::InvalidConfig& invalid) {
      std::string text = invalid.what();
      const std::string prefix = path("");
      for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
        text.erase(at, prefix.size());
      }
      return text;
    }
  }

 private:
  TempDir dir_;
};

const std::string kDatabase = R"(stores: {local: {type: directory, path: /s}}
targets:
  db:
    type: postgresql
    password: hunter2
jobs: {j: {targets: db, schedule: "@daily", retention: {days: 1}}}
)";
const std::string kExposed =
    "a password or other secret must not stand in a file that others can read (mode 0644): use "
    "${NAME}, ${file:…} or ${credential:…}, or chmod 600 the file";

}  // namespace

TEST_CASE("a main file alone is a configuration") {
  const Folder folder;
  folder.write("main.yaml", kSound);
  CHECK(folder.load().jobs.count("nightly") == 1);
  CHECK(folder.load().warnings.empty());
  fs::remove(folder.path("conf.d"));
  CHECK(folder.load().jobs.count("nightly") == 1);
}

TEST_CASE("drop-ins are laid on top in the order of their names") {
  const Folder folder;
  folder.write("main.yaml", kSound);
  folder.write("conf.d/10-more.yaml", R"(
targets: {configs: {exclude: ["*.a"]}, more: {type: filesystem, paths: /opt}}
jobs: {nightly: {targets: [configs, more], retention: {daily: 7}, jitter: 5m}}
)");
  folder.write("conf.d/9-late.yaml", "jobs: {nightly: {jitter: 7m, catch_up: false}}\n");
  folder.write("conf.d/a-last.yaml", "jobs: {nightly: {retention: {days: 14}}}\nstores:\n");
  const config::Config config = folder.load();
  const config::JobSpec& job = config.jobs.at("nightly");
  CHECK(job.targets == std::vector<std::string>{"configs", "more"});
  // Joined, not replaced; bytewise, "10" comes before "9".
  CHECK(job.retention.days == 14);
  CHECK(job.retention.daily == 7);
  CHECK(job.jitter == std::chrono::minutes{7});
  CHECK_FALSE(job.catch_up);
  CHECK(job.schedule->text() == "0 2 * * *");
  CHECK(config.targets.at("configs").target->describe() == "/etc -*.a all");
  // A section without content takes nothing away.
  CHECK(config.stores.count("local") == 1);
}

TEST_CASE("only yaml files of conf_d are drop-ins") {
  const Folder folder;
  folder.write("main.yaml", kSound);
  for (const std::string name : {"a.yml", "a.yaml.bak", ".a.yaml", "README", "a.yaml~"}) {
    folder.write("conf.d/" + name, "nonsense: [\n");
  }
  fs::create_directory(folder.path("conf.d/folder.yaml"));
  fs::create_symlink("/dev/null", folder.path("conf.d/off.yaml"));
  CHECK(folder.complaint() == "");
  folder.write("elsewhere", "jobs: {nightly: {jitter: 3m}}\n");
  fs::create_symlink(folder.path("elsewhere"), folder.path("conf.d/link.yaml"));
  CHECK(folder.load().jobs.at("nightly").jitter == std::chrono::minutes{3});
  fs::create_symlink("nowhere", folder.path("conf.d/lost.yaml"));
  CHECK(folder.complaint() == "conf.d/lost.yaml: cannot read this file: No such file or directory");
}

TEST_CASE("problems point into the file they stand in") {
  const Folder folder;
  folder.write("main.yaml", kSound + "daemon: {workers: x}\n");
  folder.write("conf.d/a.yaml", "jobs:\n  nightly:\n    jitter: never\n    stroe: local\n");
  folder.write("conf.d/b.yaml", "jobs: {nightly: {targets: [confgs]}}\n");
  CHECK(
      folder.complaint() ==
      "conf.d/a.yaml:3:13: job 'nightly': 'jitter' must be a duration such as 90s, 15m or 6h, not "
      "'never'\n"
      "conf.d/a.yaml:4:5: job 'nightly': unknown key 'stroe', did you mean 'store'?\n"
      "conf.d/b.yaml:1:28: job 'nightly': no target 'confgs', did you mean 'configs'?\n"
      "main.yaml:15:19: daemon: 'workers' must be auto or a number from 1 to 256, not 'x'");
}

TEST_CASE("files that can not be understood are all named before anything else is said") {
  const Folder folder;
  folder.write("main.yaml", "jobs: [\n");
  folder.write("conf.d/a.yaml", "jobs:\n\tnightly: {}\n");
  folder.write("conf.d/b.yaml", "job: {}\n");
  const std::string text = folder.complaint();
  CHECK_THAT(text, ContainsText("main.yaml:2:1: a '[' before this is not closed"));
  CHECK_THAT(text, ContainsText("conf.d/a.yaml:2:9: a tab indents this line; YAML wants spaces"));
  CHECK_THAT(text, !ContainsText("unknown key"));
}

TEST_CASE("a drop-in can replace a value that would not work") {
  const Folder folder;
  folder.write("main.yaml", kSound + "daemon: {workers: '${WORKERS}', timezone: [x]}\n");
  CHECK(folder.complaint() != "");
  folder.write("conf.d/a.yaml", "daemon: {workers: 3, timezone: UTC}\n");
  CHECK(folder.load().daemon.workers == 3);
}

TEST_CASE("a missing main file says how to get one") {
  const Folder folder;
  CHECK(folder.complaint() ==
        "main.yaml: there is no such file; copy the commented example, "
        "/usr/share/doc/snapshotterd/examples/snapshotterd.yaml, to this place and change it, or "
        "name "
        "another file with --config");
}

TEST_CASE("what is no readable file is refused in plain words") {
  const Folder folder;
  fs::create_directory(folder.path("main.yaml"));
  CHECK(folder.complaint() ==
        "main.yaml: cannot read this file: it is a directory (name the file in it)");
  fs::remove(folder.path("main.yaml"));
  // Opening a fifo would wait for a writer.
  REQUIRE(::mkfifo(folder.path("main.yaml").c_str(), 0600) == 0);
  CHECK(folder.complaint() == "main.yaml: cannot read this file: it is not a regular file");
  fs::remove(folder.path("main.yaml"));
  fs::create_symlink("main.yaml", folder.path("main.yaml"));
  CHECK(folder.complaint() ==
        "main.yaml: cannot read this file: Too many levels of symbolic links");
  fs::remove(folder.path("main.yaml"));
  folder.write("main.yaml", "# " + std::string(1000, 'x') + "\n");
  fs::resize_file(folder.path("main.yaml"), (std::uintmax_t{16} << 20U) + 1);
  CHECK(folder.complaint() == "main.yaml: cannot read this file: it is larger than 16 MiB");
  fs::resize_file(folder.path("main.yaml"), 2000);
  CHECK(folder.complaint() == "main.yaml:2:1: a NUL byte stands here; this is not a text file");
}

TEST_CASE("a literal secret in a file that others can read is refused") {
  const Folder folder;
  for (const mode_t mode : {0644U, 0640U, 0604U}) {
    folder.write("main.yaml", kDatabase, mode);
    char octal[8];
    std::snprintf(octal, sizeof octal, "%04o", mode);
    CHECK_THAT(folder.complaint(), ContainsText("main.yaml:5:15: a password or other secret must"));
    CHECK_THAT(folder.complaint(), ContainsText("(mode " + std::string(octal) + ")"));
    CHECK_THAT(folder.complaint(), !ContainsText("hunter2"));
  }
  for (const mode_t mode : {0600U, 0400U, 0711U}) {
    folder.write("main.yaml", kDatabase, mode);
    CHECK(folder.complaint() == "");
  }
}

TEST_CASE("a secret is looked at in the file it stands in") {
  const Folder folder;
  const std::string without = R"(stores: {local: {type: directory, path: /s}}
targets: {db: {type: postgresql, password: "${PW:-}"}}
jobs: {j: {targets: db, schedule: "@daily", retention: {days: 1}}}
)";
  folder.write("main.yaml", without, 0644);
  CHECK(folder.complaint() == "");
  folder.write("conf.d/secret.yaml", "targets: {db: {password: hunter2}}\n", 0600);
  CHECK(folder.load().targets.at("db").target->describe() == "hunter2@5432");
  folder.write("conf.d/secret.yaml", "targets: {db: {password: hunter2}}\n", 0644);
  CHECK(folder.complaint() == "conf.d/secret.yaml:1:26: " + kExposed);
  // A secret that was replaced is still in the file, but it is no secret of this configuration.
  folder.write("conf.d/x.yaml", "targets: {db: {password: '${PW}'}}\n", 0644);
  CHECK(folder.complaint(environment_of({{"PW", "x"}})) == "");
}

TEST_CASE("a default that serves as a password stands in the file like any other") {
  const Folder folder;
  folder.write("main.yaml", kDatabase, 0600);
  folder.write("conf.d/x.yaml", "targets: {db: {password: '${PW:-hunter2}'}}\n", 0644);
  CHECK(folder.complaint() == "conf.d/x.yaml:1:26: " + kExposed);
  CHECK(folder.complaint(environment_of({{"PW", "from outside"}})) == "");
}

TEST_CASE("a secret behind an anchor is reported once") {
  const Folder folder;
  folder.write("main.yaml",
               "x-p: &p hunter2\n"
               "targets:\n"
               "  a: {type: postgresql, password: *p}\n"
               "  b: {type: postgresql, password: *p}\n",
               0644);
  CHECK(folder.complaint() == "main.yaml:1:6: " + kExposed);
}

TEST_CASE("a file that everybody can change is worth a warning") {
  const Folder folder;
  folder.write("main.yaml", kSound, 0666);
  const auto warnings = folder.load().warnings;
  REQUIRE(warnings.size() == 1);
  CHECK(settings::to_string(warnings[0].where) == folder.path("main.yaml"));
  CHECK(warnings[0].message == "everybody can change this file (mode 0666); chmod 600 it");
}

TEST_CASE("a drop-in of many jobs is merged as one of few") {
  std::string first = "jobs:\n", second = "jobs:\n";
  for (int i = 0; i < 100; ++i) {
    const std::string name = "  j" + std::to_string(i);
    first += name + ": {targets: t, retention: {days: 1}, jitter: 1m}\n";
    second += name + ": {jitter: 2m}\n";
  }
  second += "  extra: {targets: t}\n";
  const Folder folder;
  folder.write("main.yaml",
               "stores: {s: {type: directory, path: /s}}\n"
               "targets: {t: {type: filesystem, paths: /etc}}\n" +
                   first);
  folder.write("conf.d/x.yaml", second);
  const config::Config config = folder.load();
  CHECK(config.jobs.size() == 101);
  for (int i = 0; i < 100; ++i) {
    const config::JobSpec& job = config.jobs.at("j" + std::to_string(i));
    CHECK(job.jitter == std::chrono::minutes{2});
    CHECK(job.retention.days == 1);
  }
}

TEST_CASE("a value keeps the place where it was written when files are merged") {
  settings::Node base, over;
  base.kind = over.kind = settings::Node::Kind::mapping;
  base.where = {"a", 1, 1};
  over.where = {"b", 1, 1};
  const auto scalar = [](const std::string& text, const std::string& file) {
    settings::Node node;
    node.kind = settings::Node::Kind::scalar;
    node.scalar = text;
    node.where = {file, 5, 5};
    return node;
  };
  base.members.push_back({"k", {"a", 2, 1}, scalar("old", "a")});
  base.members.push_back({"l", {"a", 3, 1}, scalar("kept", "a")});
  over.members.push_back({"k", {"b", 7, 1}, scalar("new", "b")});
  config::merge(base, over);
  CHECK(base.where.file == "a");
  CHECK(base.find("k")->scalar == "new");
  CHECK(base.find("k")->where.file == "b");
  CHECK(base.members[0].where.file == "b");
  CHECK(base.find("l")->where.file == "a");
  config::merge(base, scalar("text", "c"));
  CHECK(base.scalar == "text");
}
