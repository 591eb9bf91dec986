#include "base/text.hpp"
#include "target/command/command_target.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace snapshotter::target {
namespace {

using Messages = CommandSettings::Messages;
using settings::Node;
using settings::Section;

constexpr std::size_t kLongestName = 255;  // of a file, on Linux
constexpr int kHighestCode = 255;

void read_argv(Section& section, CommandSettings& settings) {
  section.require("argv");
  settings.argv = section.texts("argv");
  const Node* const node = section.node("argv");
  if (node == nullptr || node->kind == Node::Kind::null) return;
  if (settings.argv.empty() && node->kind == Node::Kind::sequence) {
    section.problem("argv", "must name a program");
  } else if (!settings.argv.empty() && settings.argv[0].empty()) {
    section.problem("argv", "must begin with the name of a program");
  }
}

void read_environment(Section& section, CommandSettings& settings) {
  auto environment = section.section("environment");
  if (!environment) return;
  for (const Node::Member& member : section.node("environment")->members) {
    auto value = environment->secret(member.key);
    if (member.key.empty() || member.key.find('=') != std::string::npos) {
      section.problems().add(member.where, environment->what() + ": '" + member.key +
                                               "' can't be the name of a variable");
    } else if (value) {
      settings.environment.insert_or_assign(member.key, *std::move(value));
    }
  }
}

bool is_name_in_archive(const std::string& path) {
  const auto parts = split(path, '/');
  return std::ranges::all_of(parts, [](const std::string& part) {
    return !part.empty() && part != "." && part != ".." && part.size() <= kLongestName;
  });
}

std::optional<int> parse_code(std::string_view text) {
  int code = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, code);
  const bool good = error == std::errc{} && stop == end && code >= 0 && code <= kHighestCode;
  return good ? std::optional(code) : std::nullopt;
}

void read_codes(Section& section, CommandSettings& settings) {
  const Node* const node = section.node("success_codes");
  if (node == nullptr) return;
  settings.success_codes.clear();
  for (const std::string& text : section.texts("success_codes")) {
    if (const auto code = parse_code(text)) {
      settings.success_codes.push_back(*code);
    } else {
      section.problem("success_codes", "must hold exit codes, numbers from 0 to 255");
      return;
    }
  }
  if (node->kind == Node::Kind::sequence && node->items.empty()) {
    section.problem("success_codes", "must hold at least one exit code");
  }
}

Messages read_messages(Section& section) {
  const auto choice = section.choice("messages", {"warn", "fail", "ignore"});
  if (choice == "fail") return Messages::fail;
  if (choice == "ignore") return Messages::ignore;
  return Messages::warn;
}

}  // namespace

std::shared_ptr<BackupTarget> command_target_from(const std::string& name, Section& section) {
  CommandSettings settings;
  read_argv(section, settings);
  read_environment(section, settings);
  settings.name = section.text("name").value_or(name);
  if (!is_name_in_archive(settings.name)) {
    section.problem("name", "must be a relative path without '.' and '..'");
  }
  settings.directory = section.path("directory").value_or("/");
  settings.trailer = section.text("trailer").value_or("");
  settings.allow_empty = section.boolean("allow_empty").value_or(false);
  read_codes(section, settings);
  settings.messages = read_messages(section);
  if (!section.problems().empty()) return nullptr;
  return make_command_target(std::move(settings));
}

}  // namespace snapshotter::target
