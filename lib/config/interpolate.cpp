#include "config/interpolate.hpp"

#include "base/error.hpp"
#include "config/small_file.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace snapshotter::config {
namespace {

// Thrown inside this file only: why one value can't be made out.
struct Unresolved {
  std::string why;
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_variable_name(std::string_view name) {
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

std::string file_content(const std::string& path) {
  try {
    std::string text = read_small_file(path, kLargestValue).text;
    if (text.ends_with('\n')) text.pop_back();
    return text;
  } catch (const Error& error) {
    throw Unresolved{error.what()};
  }
}

struct Value {
  std::string text;
  bool replaced = false;      // some ${…} was
  bool from_outside = false;  // some of the text stands in no configuration file
};

class Expansion {
 public:
  explicit Expansion(const Environment& environment) : environment_(environment) {}

  // Throws Unresolved. No message quotes what follows a stray '$': it may be a password.
  [[nodiscard]] Value operator()(std::string_view text) const {
    Value result;
    for (;;) {
      const std::size_t dollar = text.find('$');
      result.text += text.substr(0, dollar);
      if (dollar == std::string_view::npos) return result;
      text.remove_prefix(dollar + 1);
      if (text.starts_with('$')) {
        result.text += '$';
        text.remove_prefix(1);
      } else if (text.starts_with('{')) {
        const std::size_t end = text.find('}');
        if (end == std::string_view::npos) throw Unresolved{"a '${' is not closed by a '}'"};
        Value value = reference(text.substr(1, end - 1));
        result.text += value.text;
        result.replaced = true;
        result.from_outside = result.from_outside || value.from_outside;
        text.remove_prefix(end + 1);
      } else {
        throw Unresolved{
            "a lone '$' stands here; write $$ for a dollar, or ${NAME} for a variable"};
      }
    }
  }

 private:
  [[nodiscard]] Value reference(std::string_view inside) const {
    if (inside.find("${") != std::string_view::npos) {
      throw Unresolved{"a ${…} can't stand inside another"};
    }
    if (inside.starts_with("file:")) return file(inside.substr(5));
    if (inside.starts_with("credential:")) return credential(inside.substr(11));
    const std::size_t separator = inside.find(":-");
    const std::string name(inside.substr(0, separator));
    if (!is_variable_name(name)) {
      throw Unresolved{
          "what stands in ${…} must be NAME, NAME:-default, file:/path or credential:name; write "
          "$$ "
          "for a dollar"};
    }
    if (separator == std::string_view::npos) return variable(name);
    std::optional<std::string> value = look_up(name);
    if (value && !value->empty()) return {*std::move(value), true, true};
    return {std::string(inside.substr(separator + 2)), true, false};
  }

  [[nodiscard]] std::optional<std::string> look_up(const std::string& name) const {
    return environment_.variable ? environment_.variable(name) : std::nullopt;
  }

  [[nodiscard]] Value variable(const std::string& name) const {
    std::optional<std::string> value = look_up(name);
    if (!value) {
      throw Unresolved{"the environment has no " + name +
                       "; set it for the service (Environment= or EnvironmentFile=), or write ${" +
                       name + ":-value} for a default"};
    }
    return {*std::move(value), true, true};
  }

  [[nodiscard]] static Value file(std::string_view path) {
    if (!path.starts_with('/')) throw Unresolved{"${file:…} takes an absolute path"};
    return {file_content(std::string(path)), true, true};
  }

  [[nodiscard]] Value credential(std::string_view name) const {
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string_view::npos) {
      throw Unresolved{"${credential:…} takes the name of a credential, which has no '/'"};
    }
    if (environment_.credentials_directory.empty()) {
      throw Unresolved{"there are no credentials: the service was started without LoadCredential="};
    }
    return {file_content(environment_.credentials_directory + "/" + std::string(name)), true, true};
  }

  const Environment& environment_;
};

void apply(settings::Node& node, const Expansion& expansion, settings::Problems& problems,
           std::vector<settings::Location>& unresolved) {
  for (settings::Node& item : node.items) apply(item, expansion, problems, unresolved);
  for (settings::Node::Member& member : node.members) {
    apply(member.value, expansion, problems, unresolved);
  }
  if (node.scalar.find('$') == std::string::npos) return;
  try {
    Value value = expansion(node.scalar);
    // Quotes around ${…} are YAML's need, not a wish for text.
    node.quoted = node.quoted && !value.replaced;
    node.scalar = std::move(value.text);
    node.interpolated = value.from_outside;
  } catch (const Unresolved& problem) {
    problems.add(node.where, problem.why);
    unresolved.push_back(node.where);
    node.scalar.clear();
    node.interpolated = true;
  }
}

}  // namespace

std::vector<settings::Location> interpolate(settings::Node& root, const Environment& environment,
                                            settings::Problems& problems) {
  std::vector<settings::Location> unresolved;
  apply(root, Expansion(environment), problems, unresolved);
  return unresolved;
}

}  // namespace snapshotter::config
