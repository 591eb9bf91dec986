// Reads along while a plain SQL dump passes by: what is in it, and whether it is whole.
//
// A dump that fails half-way looks like well-formed SQL, and its pipe like one that was closed in
// order. What pg_dump and pg_dumpall write last of all, when all went well, is a comment: "--
// PostgreSQL database dump complete", "-- PostgreSQL database cluster dump complete". And COPY's
// blocks can be counted, so that a backup says how many rows of each table it holds.
//
// The scanner follows SQL as psql does (strings with and without backslash escapes, dollar quoting,
// quoted identifiers, comments, meta-commands), so that no text inside a function or a string is
// taken for one of its marks. It is made for what pg_dump and pg_dumpall 13 to 17 write
// (dumputils.c, string_utils.c: appendPsqlMetaConnect): "\connect NAME", "\connect
// -reuse-previous=on "dbname='…'"", "COPY schema.table (columns) FROM stdin;", "\restrict TOKEN".
//
// Pure; one thread; memory is bounded by kMaxListed and a few KiB, whatever the length of a line.
// COPY's blocks pass at several GB/s.
#pragma once

#include "target/postgresql/copy_rows.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace snapshotter::target::postgresql {

struct DumpSummary {
  // The last meaningful line so far: pg_dump's closing comment, pg_dumpall's, or another.
  enum class Trailer { none, database, cluster };

  struct Table {
    std::string name;  // as SQL writes it: public.t, "odd schema"."T"
    std::uint64_t rows = 0;
    bool operator==(const Table&) const = default;
  };
  struct Database {
    std::string name;      // raw bytes
    std::string encoding;  // the dump's for this database: "UTF8"
    std::uint64_t rows = 0;
    std::vector<Table> tables;  // in the order of the dump
    bool operator==(const Database&) const = default;
  };

  std::vector<Database> databases;  // in the order of the dump
  std::uint64_t rows = 0;           // of all tables, listed or not
  std::uint64_t unlisted = 0;       // COPY blocks of tables beyond the limit
  std::string server_version;       // "15.20 (Debian 15.20-0+deb12u1)"; empty: not said
  std::string client_version;
  Trailer trailer = Trailer::none;
  bool operator==(const DumpSummary&) const = default;
};

class DumpScanner {
 public:
  static constexpr std::size_t kMaxListed = 100'000;  // databases and tables together

  explicit DumpScanner(std::size_t max_listed = kMaxListed) : max_listed_(max_listed) {}

  // The next bytes of the dump, cut anywhere.
  void add(std::span<const std::byte> bytes);
  // What was seen so far. The trailer counts when nothing is open: no statement, string or block.
  [[nodiscard]] DumpSummary summary() const;

 private:
  enum class State {
    sql,
    dash,   // after a '-' that may begin a comment
    slash,  // after a '/' that may
    line_comment,
    block_comment,
    quoted,
    quoted_escape,  // after a backslash in it
    quote_end,      // after a quote that may be the first of two
    identifier,
    dollar_tag,
    dollar_quoted,
    meta_command,
    copy_header,  // what follows "FROM stdin;" in its line
    copy
  };

  // Each takes what it understands from the start of the text, which is not empty, and returns how
  // much that was.
  std::size_t step(std::string_view text);
  std::size_t in_sql(std::string_view text);
  std::size_t in_line(std::string_view text);
  std::size_t in_block_comment(std::string_view text);
  std::size_t in_quotes(std::string_view text);
  std::size_t in_dollar_tag(std::string_view text);
  std::size_t in_dollar_quotes(std::string_view text);
  std::size_t in_copy(std::string_view text);
  std::size_t after_first(std::string_view text, char second, State then, std::string_view first);
  std::size_t until(std::string_view text, char last, State then);

  void take(std::string_view sql);
  void special(char c);
  void end_statement();
  void end_comment();
  void end_meta_command();
  void begin_copy();
  void connect(std::string database);

  const std::size_t max_listed_;
  State state_ = State::sql;
  bool line_start_ = true;
  bool standard_strings_ = true;  // standard_conforming_strings
  bool escapes_ = false;          // of the string that is open

  std::string head_;     // the statement's beginning; empty between statements
  std::string tail_;     // and its end
  std::string line_;     // the beginning of a comment or meta-command
  bool marker_ = false;  // the comment began with its line
  std::string tag_;      // of a dollar quote: "$body$"
  std::size_t matched_ = 0;
  unsigned depth_ = 0;  // of block comments
  char before_ = 0;     // in a block comment

  CopyRows copy_;
  DumpSummary seen_;
  std::size_t listed_ = 0;
  std::optional<std::size_t> database_, table_;         // the current ones; none: not listed
  std::unordered_map<std::string, std::size_t> index_;  // of the current database's tables
};

}  // namespace snapshotter::target::postgresql
