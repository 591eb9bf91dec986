// SQLite behind RAII, for the .cpp files of this module (and their tests).
//
// A Connection is used by one thread at a time. Every failure is a CatalogError in plain words.
#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace snapshotter::catalog {

class Connection;

// What a power cut may take. full: nothing that was committed. relaxed: the last transactions, as
// long as no full one has followed; it saves an fsync.
enum class Durability { full, relaxed };

// The rows of one execution of a statement. While it lives, the same SQL can't be executed again on
// this connection. Columns count from 0; text is returned byte for byte.
class Cursor {
 public:
  Cursor(Cursor&& other) noexcept;
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  Cursor& operator=(Cursor&&) = delete;
  ~Cursor();

  // Goes to the next row; false behind the last one.
  bool next();
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::uint64_t count(int column) const;  // what bind(uint64_t) stored
  [[nodiscard]] Time time(int column) const;
  [[nodiscard]] std::optional<Time> optional_time(int column) const;

 private:
  friend class Connection;
  Cursor(Connection& connection, sqlite3_stmt* statement)
      : connection_(connection), statement_(statement) {}

  void bind(int index, std::string_view text);
  void bind(int index, std::int64_t number);
  void bind(int index, std::uint64_t number);  // all 64 bits, as the signed number they make
  void bind(int index, Time time);
  void bind(int index, const std::optional<Time>& time);

  Connection& connection_;
  sqlite3_stmt* statement_;
};

class Connection {
 public:
  // Opens or creates `path`. With the system's VFS (`vfs` empty) a new file is 0600 whatever the
  // umask, and so are the -wal and -shm files, which SQLite gives the mode of their database.
  Connection(const std::string& path, const std::string& vfs);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // One statement with its parameters ?1, ?2, … in order. It is prepared once and kept.
  template <class... Arguments>
  [[nodiscard]] Cursor query(std::string_view sql, const Arguments&... arguments) {
    Cursor cursor(*this, prepare(sql));
    int index = 0;
    (cursor.bind(++index, arguments), ...);
    return cursor;
  }
  // A statement without rows; returns how many rows it changed.
  template <class... Arguments>
  std::uint64_t execute(std::string_view sql, const Arguments&... arguments) {
    query(sql, arguments...).next();
    return changes();
  }
  // Any number of statements without parameters and rows.
  void script(const std::string& sql);
  // Of the transactions to come; not inside one.
  void set_durability(Durability durability);

  // Until this is switched on, closing does not move the -wal file's content into the database: a
  // file that is refused stays as it is.
  void checkpoint_on_close(bool enabled);

  [[nodiscard]] bool in_transaction() const noexcept;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  // Throws what SQLite says of its last call. `statement`, where there is one, decides between
  // "read" and "write to" in the message.
  [[noreturn]] void fail(sqlite3_stmt* statement);

 private:
  friend class Cursor;
  [[nodiscard]] sqlite3_stmt* prepare(std::string_view sql);
  [[nodiscard]] std::uint64_t changes() const noexcept;
  void close() noexcept;

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::string path_;
  sqlite3* handle_ = nullptr;
  std::optional<Durability> durability_;
  std::unordered_map<std::string, sqlite3_stmt*, Hash, std::equal_to<>> statements_;
};

// All writing is done in one. Rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(Connection& connection, Durability durability = Durability::full);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Connection& connection_;
};

}  // namespace snapshotter::catalog
