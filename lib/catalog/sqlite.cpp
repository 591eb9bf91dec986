#include "catalog/sqlite.hpp"

#include "base/error.hpp"
#include "platform/unique_fd.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cassert>
#include <cerrno>
#include <utility>

namespace snapshotter::catalog {
namespace {

// Only a person who looks into the catalog with sqlite3(1) can hold a lock; they get this long.
constexpr int kBusyTimeoutMillis = 5000;

constexpr std::string_view kRescan =
    "move the file away, together with its -wal and -shm files, restart the daemon and run "
    "'snapshotctl rescan': the manifests beside the backups hold everything but the history of "
    "runs";

// What is the matter, in plain words: an error without its `doing` and `subject`. `system_error` is
// the errno of the call that failed, or 0.
Error::Parts explain(int extended_code, int system_error, const char* message) {
  const auto parts = [](std::string why, std::string_view advice, bool retryable = false,
                        int error_number = 0) {
    return Error::Parts{"", "", std::move(why), std::string(advice), retryable, error_number};
  };
  const auto system = [&](int number, std::string_view advice) {
    return parts(error_text(number), advice, is_retryable_errno(number), number);
  };
  switch (extended_code & 0xFF) {
    case SQLITE_FULL:
      return system(ENOSPC, "free some space in its folder");
    case SQLITE_IOERR:
      return system(system_error != 0 ? system_error : EIO, "check the disk and the kernel's log");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return system(system_error != 0 ? system_error : EACCES,
                    "check that its folder exists and belongs to the daemon");
    case SQLITE_READONLY:
      return parts("it can't be written",
                   "make the file and its folder writable for the daemon; check that the file "
                   "system is not mounted read-only");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return parts("another process has locked it", "close what else has it open", true, EBUSY);
    case SQLITE_CORRUPT:
      return parts("its content is damaged", kRescan);
    case SQLITE_NOTADB:
      return parts("it is not an SQLite database", kRescan);
    case SQLITE_NOMEM:
      return system(ENOMEM, "");
    default:
      return parts(message, "");
  }
}

Error::Parts explanation_of(sqlite3* handle) {
  return explain(sqlite3_extended_errcode(handle), sqlite3_system_errno(handle),
                 sqlite3_errmsg(handle));
}

[[noreturn]] void raise(std::string_view doing, const std::string& path, Error::Parts parts) {
  parts.doing = doing;
  parts.subject = path;
  throw CatalogError(std::move(parts));
}

// SQLite would create it 0644; and an umask could take rights from the owner.
void create_private(const std::string& path) {
  const platform::UniqueFd file(
      ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600));
  if (file) {
    if (::fchmod(file.get(), 0600) == 0) return;
  } else if (errno == EEXIST) {
    return;
  }
  raise("create catalog", path, explain(SQLITE_CANTOPEN, errno, ""));
}

}  // namespace

Cursor::Cursor(Cursor&& other) noexcept
    : connection_(other.connection_), statement_(std::exchange(other.statement_, nullptr)) {}

Cursor::~Cursor() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Cursor::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) connection_.fail(statement_);
  return false;
}

bool Cursor::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::string Cursor::text(int column) const {
  const unsigned char* bytes = sqlite3_column_text(statement_, column);
  if (bytes == nullptr) return {};
  const int length = sqlite3_column_bytes(statement_, column);
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length)};
}

std::int64_t Cursor::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::uint64_t Cursor::count(int column) const {
  return static_cast<std::uint64_t>(integer(column));
}

Time Cursor::time(int column) const { return from_unix_micros(integer(column)); }

std::optional<Time> Cursor::optional_time(int column) const {
  if (is_null(column)) return std::nullopt;
  return time(column);
}

void Cursor::bind(int index, std::string_view text) {
  // A view of nothing may have a null pointer, which SQLite would take for NULL.
  const char* data = text.empty() ? "" : text.data();
  if (sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8) !=
      SQLITE_OK) {
    connection_.fail(statement_);
  }
}

void Cursor::bind(int index, std::int64_t number) {
  if (sqlite3_bind_int64(statement_, index, number) != SQLITE_OK) connection_.fail(statement_);
}

void Cursor::bind(int index, std::uint64_t number) {
  bind(index, static_cast<std::int64_t>(number));
}

void Cursor::bind(int index, Time time) { bind(index, to_unix_micros(time)); }

void Cursor::bind(int index, const std::optional<Time>& time) {
  if (time) {
    bind(index, *time);
  } else if (sqlite3_bind_null(statement_, index) != SQLITE_OK) {
    connection_.fail(statement_);
  }
}

Connection::Connection(const std::string& path, const std::string& vfs) : path_(path) {
  if (vfs.empty()) create_private(path);
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (sqlite3_open_v2(path.c_str(), &handle_, flags, vfs.empty() ? nullptr : vfs.c_str()) !=
      SQLITE_OK) {
    auto explanation = explanation_of(handle_);
    close();
    raise("open catalog", path, std::move(explanation));
  }
  sqlite3_busy_timeout(handle_, kBusyTimeoutMillis);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  checkpoint_on_close(false);
}

Connection::~Connection() { close(); }

void Connection::close() noexcept {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

void Connection::script(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail(nullptr);
}

void Connection::set_durability(Durability durability) {
  if (durability_ == durability) return;
  script(durability == Durability::full ? "PRAGMA synchronous = FULL"
                                        : "PRAGMA synchronous = NORMAL");
  durability_ = durability;
}

void Connection::checkpoint_on_close(bool enabled) {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, enabled ? 0 : 1, nullptr);
}

bool Connection::in_transaction() const noexcept { return sqlite3_get_autocommit(handle_) == 0; }

void Connection::fail(sqlite3_stmt* statement) {
  // COMMIT counts as one that only reads; but it has no columns.
  const bool reading = statement != nullptr && sqlite3_stmt_readonly(statement) != 0 &&
                       sqlite3_column_count(statement) > 0;
  raise(reading ? "read catalog" : "write to catalog", path_, explanation_of(handle_));
}

sqlite3_stmt* Connection::prepare(std::string_view sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) {
    assert(sqlite3_stmt_busy(found->second) == 0);
    return found->second;
  }
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
    fail(nullptr);
  }
  statements_.emplace(sql, statement);
  return statement;
}

std::uint64_t Connection::changes() const noexcept {
  return static_cast<std::uint64_t>(sqlite3_changes64(handle_));
}

Transaction::Transaction(Connection& connection, Durability durability) : connection_(connection) {
  connection_.set_durability(durability);
  connection_.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  // Some failures (a full disk) have rolled back already.
  if (!connection_.in_transaction()) return;
  try {
    connection_.execute("ROLLBACK");
  } catch (const CatalogError&) {  // NOLINT(bugprone-empty-catch): the next BEGIN will tell
  }
}

void Transaction::commit() { connection_.execute("COMMIT"); }

}  // namespace snapshotter::catalog
