#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace edgetran::store {

/// A prepared statement. Parameters count from 1, columns from 0. Not thread-safe.
class Statement {
 public:
  Statement& bind(int parameter, int64_t value);
  Statement& bind(int parameter, double value);
  Statement& bind(int parameter, std::string_view value);
  Statement& bind_null(int parameter);
  /// Goes to the next row; false at the end.
  base::Result<bool> step();
  /// For statements without rows: runs once and is ready to be bound again.
  base::Status run();

  int64_t integer(int column) const;
  double number(int column) const;
  std::string text(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// An SQLite database. Errors: kCorrupt for a file that is not a whole database, kPermission,
/// kResource for a full disk or one that stays locked, else kFailed.
class Database {
 public:
  enum class Mode { kCreate, kReadOnly };
  static base::Result<Database> open(const std::filesystem::path& path, Mode mode);
  static base::Result<Database> in_memory();

  base::Result<Statement> prepare(std::string_view sql) const;
  /// One or more statements without parameters and rows.
  base::Status execute(const std::string& sql) const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* database) : database_(database) {}
  std::unique_ptr<sqlite3, Close> database_;
};

/// BEGIN IMMEDIATE ... COMMIT; rolled back where commit() was not reached.
class Transaction {
 public:
  static base::Result<Transaction> begin(const Database& database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  base::Status commit();

 private:
  explicit Transaction(const Database& database) : database_(&database) {}
  const Database* database_;
};

}  // namespace edgetran::store
