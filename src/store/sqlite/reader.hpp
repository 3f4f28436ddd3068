#pragma once
// Connections for reading, shared by all threads: each read borrows one.

#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <vector>

#include "store/sqlite/database.hpp"
#include "store/store.hpp"

namespace limehook::store::sqlite {

class ReaderPool {
 public:
  explicit ReaderPool(std::string file) : file_(std::move(file)) {}

  // Runs `read(Database&)` in one read transaction: it sees whole batches only. Throws StoreError.
  template <class Read>
  auto read(Read read) {
    try {
      const Lease lease(*this);
      const Transaction transaction(lease.database(), Transaction::Kind::Read);
      return read(lease.database());
    } catch (const SqliteError& error) {
      throw StoreError(error.what());
    } catch (const StoreError&) {
      throw;
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& error) {  // of what reads JSON and the like: rows were good when they were written
      throw StoreError(std::string("a row of the store is damaged: ") + error.what());
    }
  }

 private:
  class Lease {
   public:
    explicit Lease(ReaderPool& pool) : pool_(pool), database_(pool.take()) {}
    ~Lease() { pool_.give_back(std::move(database_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Database& database() const { return *database_; }

   private:
    ReaderPool& pool_;
    std::unique_ptr<Database> database_;
  };
  std::unique_ptr<Database> take();
  void give_back(std::unique_ptr<Database> database);

  std::string file_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Database>> idle_;
};

}  // namespace limehook::store::sqlite
