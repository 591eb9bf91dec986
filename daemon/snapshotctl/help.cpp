#include "base/text.hpp"
#include "snapshotctl/verbs.hpp"

#include <CLI/CLI.hpp>

namespace snapshotter::ctl {
namespace {

// CLI11's own usage line does not know how the whole command is called.
class VerbFormatter final : public CLI::Formatter {
 public:
  explicit VerbFormatter(std::string usage) : usage_(std::move(usage)) { column_width(28); }
  std::string make_usage(const CLI::App* /*app*/, std::string /*name*/) const override {
    return "Usage:\n  " + usage_ + '\n';
  }

 private:
  std::string usage_;
};

}  // namespace

CLI::App& add_verb(CLI::App& app, const std::string& name, const VerbHelp& help) {
  auto* verb = app.add_subcommand(name, help.summary);
  verb->formatter(std::make_shared<VerbFormatter>(help.usage));
  std::string footer = "Examples:\n";
  for (const auto& line : split(help.examples, '\n')) footer += "  " + line + '\n';
  verb->footer(footer + "\nBesides: --json prints JSON; --bus session asks a daemon of your own.");
  return *verb;
}

}  // namespace snapshotter::ctl
