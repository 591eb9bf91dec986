#include "target/command/command_target.hpp"

#include "async/offload.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "platform/process.hpp"
#include "target/command/last_words.hpp"
#include "target/command/output_check.hpp"

#include <boost/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace snapshotter::target {
namespace {

namespace json = boost::json;
using command::last_words;
using command::OutputCheck;
using platform::Exit;

constexpr std::string_view kDoing = "back up the output of";
constexpr std::string_view kReadMessages =
    "see what it says; run it by hand as the user that this runs as";

timespec to_timespec(Time time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return {seconds.time_since_epoch().count(), std::chrono::nanoseconds(time - seconds).count()};
}

// "; it said: …", or nothing.
std::string quoted(const std::string& words) { return words.empty() ? "" : "; it said: " + words; }

class CommandTarget : public BackupTarget {
 public:
  explicit CommandTarget(CommandSettings settings) : settings_(std::move(settings)) {
    for (const auto& [name, value] : settings_.environment) secrets_.push_back(value);
  }

  std::string type() const override { return "command"; }
  std::string describe() const override { return "output of " + printable(program()); }
  // Nobody can know what a program is going to write.
  std::optional<std::uint64_t> estimate(std::stop_token) override { return std::nullopt; }

  Task<Report> backup(Context& context) override {
    co_return co_await async::offload(
        context.pool, [this, &context](std::stop_token stop) { return save(context, stop); });
  }

  // The program dies with the daemon (platform::run()), and it left nothing that we know of.
  Task<> recover(Surroundings&) override { co_return; }

 private:
  [[nodiscard]] const std::string& program() const { return settings_.argv.front(); }
  [[nodiscard]] platform::Command command() const;
  [[nodiscard]] archive::Entry entry(Time started) const;
  Report save(Context& context, const std::stop_token& stop) const;
  Exit run(const std::function<void(std::span<const std::byte>)>& take, const OutputCheck& output,
           const std::stop_token& stop) const;
  void check(const Exit& exit, const OutputCheck& output, const std::string& words) const;
  [[noreturn]] void refuse(std::string why, std::string advice) const;

  const CommandSettings settings_;
  std::vector<Secret> secrets_;
};

platform::Command CommandTarget::command() const {
  platform::Command command;
  command.argv = settings_.argv;
  command.directory = settings_.directory;
  for (const auto& [name, value] : settings_.environment)
    command.environment[name] = value.reveal();
  return command;
}

archive::Entry CommandTarget::entry(Time started) const {
  archive::Entry entry;
  entry.path = settings_.name;
  entry.mode = 0600;
  entry.uid = ::geteuid();
  entry.gid = ::getegid();
  entry.modified = to_timespec(started);
  return entry;
}

Report CommandTarget::save(Context& context, const std::stop_token& stop) const {
  context.archive.begin_stream(entry(context.clock.now()));
  ++context.progress.entries;
  OutputCheck output(settings_.trailer);
  const auto take = [&](std::span<const std::byte> piece) {
    output.add(piece);
    context.archive.write(piece);
    context.progress.bytes_read += piece.size();
  };
  const Exit exit = run(take, output, stop);
  const std::string words = last_words(exit.messages, secrets_);
  check(exit, output, words);
  context.archive.end_stream();

  Report report;
  if (!words.empty() && settings_.messages == CommandSettings::Messages::warn) {
    report.add(
        {Warning::Kind::attention, settings_.name, printable(program()) + " said: " + words});
  }
  report.source = json::serialize(json::object{
      {"program", printable(program())}, {"exit_code", exit.code}, {"bytes", output.bytes()}});
  return report;
}

Exit CommandTarget::run(const std::function<void(std::span<const std::byte>)>& take,
                        const OutputCheck& output, const std::stop_token& stop) const {
  try {
    return platform::run(command(), take, stop);
  } catch (const SystemError& error) {
    if (output.bytes() > 0) throw;  // it was started: this is the store's
    throw CommandBackupError(error.parts());
  }
}

// Whether this is worth keeping. A dump that is cut looks like one that is whole: everything that
// the program tells of its end counts.
void CommandTarget::check(const Exit& exit, const OutputCheck& output,
                          const std::string& words) const {
  const bool good_code = exit.signal == 0 && std::ranges::count(settings_.success_codes, exit.code);
  if (!good_code) refuse(to_string(exit) + quoted(words), std::string(kReadMessages));
  if (exit.left_children) {
    refuse(to_string(exit) + quoted(words), "have it wait for all that it starts");
  }
  if (settings_.messages == CommandSettings::Messages::fail && !words.empty()) {
    refuse("it said: " + words, "mend what it complains of, or set 'messages: warn'");
  }
  if (output.bytes() == 0 && !settings_.allow_empty) {
    refuse("it wrote nothing" + quoted(words),
           "run it by hand; set 'allow_empty: true' where nothing may be right");
  }
  if (!output.complete()) {
    refuse("its output does not end with '" + printable(settings_.trailer) + "'" + quoted(words),
           "the output was cut, or 'trailer' is not what it ends with when it is whole");
  }
}

void CommandTarget::refuse(std::string why, std::string advice) const {
  throw CommandBackupError(
      {std::string(kDoing), program(), std::move(why), std::move(advice), /*retryable=*/true});
}

}  // namespace

std::shared_ptr<BackupTarget> make_command_target(CommandSettings settings) {
  return std::make_shared<CommandTarget>(std::move(settings));
}

}  // namespace snapshotter::target
