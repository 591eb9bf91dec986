#include "fixture.hpp"

namespace snapshotter::test {
namespace {

class FakeStore : public store::Store {
 public:
  explicit FakeStore(std::string path) : path_(std::move(path)) {}
  std::string describe() const override { return "directory " + path_; }
  std::unique_ptr<store::BackupWriter> begin(const store::BackupKey&, const std::string&) override {
    return nullptr;
  }
  store::Listing list(std::stop_token) override { return {}; }
  store::Manifest manifest(const store::BackupKey&) override { return {}; }
  std::unique_ptr<ByteSource> open(const store::BackupKey&) override { return nullptr; }
  std::unique_ptr<ByteSource> open_index(const store::BackupKey&) override { return nullptr; }
  void remove(const store::BackupKey&) override {}
  std::vector<std::string> sweep() override { return {}; }
  std::optional<store::Space> space() override { return std::nullopt; }
  std::string locate(const store::BackupKey&) override { return {}; }

 private:
  std::string path_;
};

class FakeTarget : public target::BackupTarget {
 public:
  FakeTarget(std::string type, std::string about)
      : type_(std::move(type)), about_(std::move(about)) {}
  std::string type() const override { return type_; }
  std::string describe() const override { return about_; }
  std::optional<std::uint64_t> estimate(std::stop_token) override { return std::nullopt; }
  Task<target::Report> backup(target::Context&) override { co_return target::Report{}; }
  Task<> recover(target::Surroundings&) override { co_return; }

 private:
  std::string type_;
  std::string about_;
};

class FakeNotifier : public notify::Notifier {
 public:
  std::string type() const override { return "webhook"; }
  std::string describe() const override { return "webhook"; }
  Task<notify::NotificationResult> deliver(const notify::Event&, platform::Clock&) override {
    co_return notify::NotificationResult{};
  }
};

std::shared_ptr<store::Store> make_store(const std::string&, settings::Section& section) {
  section.require("path");
  const auto path = section.path("path");
  (void)section.size("min_free");
  if (!path) return nullptr;
  return std::make_shared<FakeStore>(*path);
}

std::shared_ptr<target::BackupTarget> make_files(const std::string&, settings::Section& section) {
  section.require("paths");
  std::string about;
  for (const std::string& path : section.paths("paths")) about += path + " ";
  for (const std::string& pattern : section.texts("exclude")) about += "-" + pattern + " ";
  about += section.boolean("one_file_system").value_or(false) ? "one" : "all";
  return std::make_shared<FakeTarget>("filesystem", about);
}

std::shared_ptr<target::BackupTarget> make_database(const std::string&,
                                                    settings::Section& section) {
  const Secret password = section.secret("password").value_or(Secret());
  const auto port = section.integer("port", 1, 65535).value_or(5432);
  return std::make_shared<FakeTarget>("postgresql", password.reveal() + "@" + std::to_string(port));
}

std::shared_ptr<notify::Notifier> make_webhook(const std::string&, settings::Section& section) {
  section.require("url");
  (void)section.secret("url");
  (void)section.secret("secret");
  return std::make_shared<FakeNotifier>();
}

}  // namespace

const std::string kSound = R"(stores:
  local:
    type: directory
    path: /srv/backups
targets:
  configs:
    type: filesystem
    paths: [/etc]
jobs:
  nightly:
    schedule: "0 2 * * *"
    targets: [configs]
    store: local
    retention: {days: 30}
)";

config::Registries fake_types() {
  config::Registries types;
  types.stores.add("directory", make_store);
  types.targets.add("filesystem", make_files);
  types.targets.add("postgresql", make_database);
  types.notifiers.add("webhook", make_webhook);
  return types;
}

config::Environment environment_of(std::map<std::string, std::string> variables,
                                   std::string credentials_directory) {
  config::Environment environment;
  environment.variable =
      [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  environment.credentials_directory = std::move(credentials_directory);
  return environment;
}

config::Config parse_good(const std::string& yaml, const config::Environment& environment) {
  return config::parse(yaml, "t.yaml", fake_types(), environment);
}

namespace {

std::string short_form(const settings::Problem& problem) {
  return std::to_string(problem.where.line) + ":" + std::to_string(problem.where.column) + ": " +
         problem.message;
}

}  // namespace

std::vector<std::string> problems_of(const std::string& yaml,
                                     const config::Environment& environment) {
  std::vector<std::string> result;
  try {
    (void)parse_good(yaml, environment);
  } catch (const config::InvalidConfig& invalid) {
    for (const auto& problem : invalid.details().sorted()) result.push_back(short_form(problem));
  }
  return result;
}

std::vector<std::string> warnings_of(const std::string& yaml) {
  std::vector<std::string> result;
  for (const auto& problem : parse_good(yaml).warnings) result.push_back(short_form(problem));
  return result;
}

}  // namespace snapshotter::test
