#include "target/postgresql/dump_words.hpp"

#include <algorithm>

namespace snapshotter::target::postgresql {
namespace {

constexpr std::string_view kName = "dbname='";

// `"a""b"` → `a"b`; what is not quoted stays.
std::string unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
  text = text.substr(1, text.size() - 2);
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    result += text[i];
    if (text[i] == '"') ++i;
  }
  return result;
}

// `dbname='it\'s'` → `it's`
std::string connection_name(std::string_view connection) {
  connection = connection.substr(kName.size(), connection.size() - kName.size() - 1);
  std::string result;
  for (std::size_t i = 0; i < connection.size(); ++i) {
    if (connection[i] == '\\' && i + 1 < connection.size()) ++i;
    result += connection[i];
  }
  return result;
}

std::string_view after(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : std::string_view();
}

}  // namespace

std::string copied_table(std::string_view statement) {
  const std::string_view rest = after(statement, "COPY ");
  bool quoted = false;
  std::size_t end = 0;
  while (end < rest.size() && (quoted || (rest[end] != ' ' && rest[end] != '('))) {
    if (rest[end] == '"') quoted = !quoted;
    ++end;
  }
  return std::string(rest.substr(0, end));
}

std::optional<std::string> setting(std::string_view statement, std::string_view name) {
  std::string_view rest = after(after(after(statement, "SET "), name), " = ");
  if (rest.empty()) return std::nullopt;
  if (rest.back() == ';') rest.remove_suffix(1);
  if (rest.size() >= 2 && rest.front() == '\'' && rest.back() == '\'') {
    rest = rest.substr(1, rest.size() - 2);
  }
  return std::string(rest);
}

std::optional<std::string> connected_database(std::string_view command) {
  std::string_view rest = after(command, "connect ");
  if (rest.starts_with('-')) rest.remove_prefix(std::min(rest.find(' '), rest.size()));
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (rest.empty()) return std::nullopt;
  const std::string name = unquoted(rest);
  if (name.starts_with(kName) && name.size() > kName.size() && name.ends_with('\'')) {
    return connection_name(name);
  }
  return name;
}

std::string connection_to(std::string_view database) {
  std::string result(kName);
  for (const char c : database) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

}  // namespace snapshotter::target::postgresql
