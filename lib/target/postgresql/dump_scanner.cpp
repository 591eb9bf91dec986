#include "target/postgresql/dump_scanner.hpp"

#include "target/postgresql/dump_words.hpp"

#include <algorithm>
#include <array>

namespace snapshotter::target::postgresql {
namespace {

// Longer than any of the statements that are looked at, up to the part that matters: a qualified
// name is two identifiers of 63 bytes at most, each perhaps doubled by quoting.
constexpr std::size_t kKeptHead = 4096;
constexpr std::size_t kKeptTail = 16;
constexpr std::size_t kKeptLine = 4096;
// pg_dump makes tags of a few letters.
constexpr std::size_t kLongestTag = 256;

constexpr std::string_view kCopyEnd = " FROM stdin;";

constexpr std::array<bool, 256> kSpecial = [] {
  std::array<bool, 256> table{};
  for (const unsigned char c : {'\'', '"', '$', '-', '/', ';', '\\', '\n'}) table[c] = true;
  return table;
}();

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// As PostgreSQL's scan.l has them: letters, digits, '_' and all that is not ASCII.
bool in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

void append_bounded(std::string& kept, std::string_view more, std::size_t limit) {
  kept.append(more.substr(0, limit - std::min(limit, kept.size())));
}

}  // namespace

void DumpScanner::add(std::span<const std::byte> bytes) {
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (!text.empty()) text.remove_prefix(step(text));
}

DumpSummary DumpScanner::summary() const {
  DumpSummary summary = seen_;
  if (state_ != State::sql || !head_.empty()) summary.trailer = DumpSummary::Trailer::none;
  return summary;
}

std::size_t DumpScanner::step(std::string_view text) {
  switch (state_) {
    case State::sql:
      return in_sql(text);
    case State::dash:
      return after_first(text, '-', State::line_comment, "-");
    case State::slash:
      return after_first(text, '*', State::block_comment, "/");
    case State::line_comment:
    case State::meta_command:
      return in_line(text);
    case State::block_comment:
      return in_block_comment(text);
    case State::quoted:
      return in_quotes(text);
    case State::quoted_escape:
      take(text.substr(0, 1));
      state_ = State::quoted;
      return 1;
    case State::quote_end:
      state_ = text[0] == '\'' ? State::quoted : State::sql;
      take(text.substr(0, state_ == State::quoted ? 1 : 0));
      return state_ == State::quoted ? 1 : 0;
    case State::identifier:
      return until(text, '"', State::sql);
    case State::dollar_tag:
      return in_dollar_tag(text);
    case State::dollar_quoted:
      return in_dollar_quotes(text);
    case State::copy_header:
    case State::copy:
      return in_copy(text);
  }
  return text.size();
}

void DumpScanner::take(std::string_view sql) {
  if (head_.empty()) {
    while (!sql.empty() && is_blank(sql.front())) sql.remove_prefix(1);
    if (sql.empty()) return;
    seen_.trailer = DumpSummary::Trailer::none;
  }
  append_bounded(head_, sql, kKeptHead);
  tail_.append(sql.substr(sql.size() - std::min(sql.size(), kKeptTail)));
  if (tail_.size() > kKeptTail) tail_.erase(0, tail_.size() - kKeptTail);
}

std::size_t DumpScanner::in_sql(std::string_view text) {
  const auto* const found =
      std::ranges::find_if(text, [](char c) { return kSpecial[static_cast<unsigned char>(c)]; });
  const auto plain = static_cast<std::size_t>(found - text.begin());
  if (plain > 0) {
    take(text.substr(0, plain));
    line_start_ = false;
    return plain;
  }
  special(text[0]);
  line_start_ = text[0] == '\n';
  return 1;
}

void DumpScanner::special(char c) {
  switch (c) {
    case '-':
      marker_ = line_start_;
      state_ = State::dash;
      return;
    case '/':
      state_ = State::slash;
      return;
    case '\\':
      if (head_.empty() && line_start_) {
        line_.clear();
        state_ = State::meta_command;
        return;
      }
      break;
    case '\'': {
      const std::size_t length = tail_.size();
      escapes_ = !standard_strings_ ||
                 (length > 0 && (tail_[length - 1] == 'E' || tail_[length - 1] == 'e') &&
                  (length == 1 || !in_name(tail_[length - 2])));
      state_ = State::quoted;
      break;
    }
    case '"':
      state_ = State::identifier;
      break;
    case '$':
      // Inside a name it is one of its letters.
      if (tail_.empty() || !(in_name(tail_.back()) || tail_.back() == '$')) {
        tag_.assign(1, '$');
        state_ = State::dollar_tag;
        return;
      }
      break;
    default:
      break;
  }
  take({&c, 1});
  if (c == ';') end_statement();
}

std::size_t DumpScanner::after_first(std::string_view text, char second, State then,
                                     std::string_view first) {
  if (text[0] != second) {
    take(first);
    state_ = State::sql;
    return 0;
  }
  line_.clear();
  depth_ = 1;
  before_ = 0;
  state_ = then;
  return 1;
}

std::size_t DumpScanner::in_line(std::string_view text) {
  const std::size_t end = text.find('\n');
  append_bounded(line_, text.substr(0, end), kKeptLine);
  if (end == std::string_view::npos) return text.size();
  if (state_ == State::meta_command) {
    end_meta_command();
  } else {
    end_comment();
    take("\n");
  }
  state_ = State::sql;
  line_start_ = true;
  return end + 1;
}

std::size_t DumpScanner::in_block_comment(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool closes = before_ == '*' && c == '/';
    const bool opens = before_ == '/' && c == '*';
    before_ = closes || opens ? '\0' : c;
    if (opens) ++depth_;
    if (closes && --depth_ == 0) {
      if (!head_.empty()) take(" ");
      state_ = State::sql;
      return at + 1;
    }
  }
  return text.size();
}

std::size_t DumpScanner::in_quotes(std::string_view text) {
  const std::size_t end = escapes_ ? text.find_first_of("'\\") : text.find('\'');
  if (end == std::string_view::npos) {
    take(text);
    return text.size();
  }
  take(text.substr(0, end + 1));
  state_ = text[end] == '\'' ? State::quote_end : State::quoted_escape;
  return end + 1;
}

std::size_t DumpScanner::until(std::string_view text, char last, State then) {
  const std::size_t end = text.find(last);
  if (end != std::string_view::npos) state_ = then;
  const std::size_t length = end == std::string_view::npos ? text.size() : end + 1;
  take(text.substr(0, length));
  return length;
}

std::size_t DumpScanner::in_dollar_tag(std::string_view text) {
  const char c = text[0];
  const bool number = tag_.size() == 1 && is_digit(c);  // $1: a parameter
  if (c != '$' && (!in_name(c) || number || tag_.size() > kLongestTag)) {
    take(tag_);
    state_ = State::sql;
    return 0;
  }
  tag_ += c;
  if (c == '$') {
    take(tag_);
    matched_ = 0;
    state_ = State::dollar_quoted;
  }
  return 1;
}

// A tag has no '$' within, so a mismatch at one is the only place where a match may begin anew.
std::size_t DumpScanner::in_dollar_quotes(std::string_view text) {
  if (matched_ == 0) {
    const std::size_t length = std::min(text.find('$'), text.size());
    take(text.substr(0, length));
    if (length > 0) return length;
  }
  const char c = text[0];
  take(text.substr(0, 1));
  matched_ = c == tag_[matched_] ? matched_ + 1 : (c == '$' ? 1 : 0);
  if (matched_ == tag_.size()) state_ = State::sql;
  return 1;
}

std::size_t DumpScanner::in_copy(std::string_view text) {
  if (state_ == State::copy_header) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return text.size();
    copy_.begin();
    state_ = State::copy;
    return end + 1;
  }
  const std::uint64_t before = copy_.rows();
  const std::size_t taken = copy_.add(text);
  const std::uint64_t rows = copy_.rows() - before;
  seen_.rows += rows;
  if (database_) seen_.databases[*database_].rows += rows;
  if (table_) seen_.databases[*database_].tables[*table_].rows += rows;
  if (copy_.ended()) {
    state_ = State::sql;
    line_start_ = true;
  }
  return taken;
}

void DumpScanner::end_statement() {
  if (head_.starts_with("COPY ") && tail_.ends_with(kCopyEnd)) {
    begin_copy();
    state_ = State::copy_header;
  } else if (const auto encoding = setting(head_, "client_encoding")) {
    if (database_) seen_.databases[*database_].encoding = *encoding;
  } else if (const auto standard = setting(head_, "standard_conforming_strings")) {
    standard_strings_ = *standard != "off";
  }
  head_.clear();
  tail_.clear();
}

void DumpScanner::end_comment() {
  if (!marker_ || !head_.empty()) return;
  constexpr std::string_view kFrom = " Dumped from database version ";
  constexpr std::string_view kBy = " Dumped by pg_dump version ";
  if (line_ == " PostgreSQL database dump complete") {
    seen_.trailer = DumpSummary::Trailer::database;
  } else if (line_ == " PostgreSQL database cluster dump complete") {
    seen_.trailer = DumpSummary::Trailer::cluster;
  } else if (line_.starts_with(kFrom) && seen_.server_version.empty()) {
    seen_.server_version = line_.substr(kFrom.size());
  } else if (line_.starts_with(kBy) && seen_.client_version.empty()) {
    seen_.client_version = line_.substr(kBy.size());
  }
}

void DumpScanner::end_meta_command() {
  // Newer versions bracket what psql may do: "\unrestrict TOKEN" comes after the trailer.
  if (line_.starts_with("restrict ") || line_.starts_with("unrestrict ")) return;
  seen_.trailer = DumpSummary::Trailer::none;
  if (auto database = connected_database(line_)) {
    standard_strings_ = true;  // a new session
    connect(*std::move(database));
  }
}

void DumpScanner::connect(std::string database) {
  table_.reset();
  index_.clear();
  const auto known = std::ranges::find(seen_.databases, database, &DumpSummary::Database::name);
  database_ = static_cast<std::size_t>(known - seen_.databases.begin());
  if (known != seen_.databases.end()) {
    for (const auto& table : known->tables) index_.emplace(table.name, index_.size());
  } else if (listed_ < max_listed_) {
    ++listed_;
    seen_.databases.push_back({.name = std::move(database), .encoding = {}, .tables = {}});
  } else {
    database_.reset();
  }
}

void DumpScanner::begin_copy() {
  table_.reset();
  std::string name = copied_table(head_);
  if (!database_ && seen_.databases.empty()) connect({});  // a dump without \connect
  if (!database_) {
    ++seen_.unlisted;
    return;
  }
  if (const auto known = index_.find(name); known != index_.end()) {
    table_ = known->second;
  } else if (listed_ < max_listed_) {
    ++listed_;
    auto& tables = seen_.databases[*database_].tables;
    table_ = tables.size();
    index_.emplace(name, tables.size());
    tables.push_back({std::move(name), 0});
  } else {
    ++seen_.unlisted;
  }
}

}  // namespace snapshotter::target::postgresql
