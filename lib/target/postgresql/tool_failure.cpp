#include "target/postgresql/tool_failure.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace snapshotter::target::postgresql {
namespace {

constexpr std::size_t kMostLines = 6;
constexpr std::size_t kMostBytes = 800;

struct Cause {
  std::string_view text;  // in the messages
  std::string_view advice;
  bool retryable;
};

constexpr std::string_view kServerGone =
    "see the server's log; the backup can be repeated once it runs";

// The first one found counts: what is special stands before what is general.
constexpr std::array kCauses{
    Cause{"Peer authentication failed",
          "peer authentication lets only the system user of that name in: use 'host' and "
          "'password', or map the service's user to the role in pg_ident.conf",
          false},
    Cause{"no password supplied", "set 'password', or write it into the service's .pgpass", false},
    Cause{"password authentication failed", "check 'user' and 'password'", false},
    Cause{"no pg_hba.conf entry",
          "allow this user from here in the server's pg_hba.conf, or change 'sslmode'", false},
    Cause{"authentication failed", "check 'user' and the server's pg_hba.conf", false},
    Cause{"server does not support SSL", "change 'sslmode', or set up TLS in the server", false},
    Cause{"certificate verify failed", "check 'sslmode' and the server's certificate", false},
    Cause{"definition of service", "check 'service' against pg_service.conf", false},
    Cause{"the database system is", "wait until the server accepts connections", true},
    Cause{"not yet accepting connections", "wait until the server accepts connections", true},
    Cause{"too many c",  // clients already; connections for role, for database
          "raise the server's max_connections or the role's connection limit", true},
    Cause{"remaining connection slots", "raise the server's max_connections", true},
    Cause{"Connection refused", "start the server, or check 'host' and 'port'", true},
    Cause{"No such file or directory", "start the server, or check 'socket' and 'port'", true},
    Cause{"could not translate host name", "check 'host' and the name service", true},
    Cause{"timeout expired", "check 'host', 'port' and what filters the way there", true},
    Cause{"version mismatch",
          "install the client programs of the server's version (postgresql-client-VERSION)", false},
    Cause{"You must install at least one postgresql-client", "install postgresql-client", false},
    Cause{"row-level security", "dump as a superuser, or give the role BYPASSRLS", false},
    Cause{"pg_authid", "pg_dumpall reads the roles' passwords: it must run as a superuser", false},
    Cause{"permission denied",
          "dump as a superuser, or grant the role pg_read_all_data and what else it lacks", false},
    Cause{"newline or carriage return",
          "rename the database, or leave it out by 'exclude_databases'", false},
    Cause{"invalid page in block",
          "the database is damaged: check the disk, and keep the older backups", false},
    Cause{"could not read block",
          "the database is damaged: check the disk, and keep the older backups", false},
    Cause{"conflict with recovery",
          "raise max_standby_streaming_delay of the standby, or turn hot_standby_feedback on",
          true},
    Cause{"terminating connection due to administrator command", kServerGone, true},
    Cause{"server closed the connection", kServerGone, true},
    Cause{"role \"", "check 'user'", false},
    Cause{"database \"", "somebody dropped or renamed it meanwhile", true},
};
constexpr Cause kUnknown{"", "see PostgreSQL's log", true};

const Cause& cause_of(std::string_view messages) {
  const auto* const found = std::ranges::find_if(
      kCauses, [&](const Cause& cause) { return messages.find(cause.text) != messages.npos; });
  return found != kCauses.end() ? *found : kUnknown;
}

std::string without(std::string text, const Secret& password) {
  if (password.empty()) return text;
  for (std::size_t at = 0; (at = text.find(password.reveal(), at)) != std::string::npos; at += 3) {
    text.replace(at, password.reveal().size(), "***");
  }
  return text;
}

std::string_view trimmed(std::string_view line) {
  const std::size_t begin = std::min(line.find_first_not_of(" \t\r"), line.size());
  return line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
}

std::string how_it_ended(const ToolResult& result) {
  if (result.exit_code > 128) {
    return "ended by signal " + std::to_string(result.exit_code - 128);
  }
  return "exit code " + std::to_string(result.exit_code);
}

}  // namespace

std::string last_words(std::string_view messages, const Secret& password) {
  const std::string shown = without(std::string(messages), password);
  std::vector<std::string> lines;
  for (const std::string& line : split(shown, '\n')) {
    if (const auto words = trimmed(line); !words.empty()) lines.emplace_back(words);
  }
  if (lines.size() > kMostLines) lines.erase(lines.begin(), lines.end() - kMostLines);
  std::string words = join(lines, "; ");
  if (words.size() > kMostBytes) words = "…" + words.substr(words.size() - kMostBytes);
  return words;
}

DatabaseBackupError tool_failure(const std::string& doing, const std::string& subject,
                                 const std::string& program, const ToolResult& result,
                                 const Secret& password) {
  const Cause& cause = cause_of(result.messages);
  std::string why = program + ": " + how_it_ended(result);
  if (const std::string words = last_words(result.messages, password); !words.empty()) {
    why += ": " + words;
  }
  return DatabaseBackupError({.doing = doing,
                              .subject = subject,
                              .why = std::move(why),
                              .advice = std::string(cause.advice),
                              .retryable = cause.retryable});
}

}  // namespace snapshotter::target::postgresql
