#pragma once
// A SQLite store that lives through random steps on a disk that may fail it, and what it must have in it after each.

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "random_steps.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace limehook::store {

// Where folders are in memory, if this machine has such a place.
std::filesystem::path fast_folder();

// What a store has in it after so many of the steps, by the reference implementation.
std::vector<std::string> expected_contents(const std::vector<StoreStep>& steps);

class StoreLife {
 public:
  struct Places {
    std::filesystem::path directory;
    int page_bytes = 4096;
  };
  // `killed(true)` is called when the process would have ended, before the store is closed, whose writes must then
  // reach nothing; `killed(false)` before it is opened again. `failed()` when the store has told of an error; false: it
  // had no reason to.
  struct World {
    std::function<void(bool)> killed = [](bool) {};
    std::function<bool()> failed = [] { return false; };
  };
  StoreLife(Places places, std::vector<StoreStep> steps, World world);
  ~StoreLife();

  // Takes all steps, each until it has succeeded. What goes wrong is in problem(), which ends it.
  void run();
  // To be called while the files are still observed: the store's own thread uses them until then.
  void close() { store_.reset(); }

  const std::string& problem() const { return problem_; }
  const Store& store() const { return *store_; }
  const std::vector<std::string>& expected() const { return expected_; }
  int unknown() const { return unknown_; }
  // So many steps are on the disk for sure, and so many have begun. Any thread.
  std::size_t sure() const { return sure_; }
  std::size_t begun() const { return begun_; }

  static SqliteOptions options(const Places& places);

 private:
  enum class Outcome : std::uint8_t { Done, Again, Unknown };
  void open();
  Outcome take(const StoreStep& step);
  Outcome commit(const WriteBatch& batch);
  void restart_after_doubt(std::size_t number);
  void compare(std::size_t steps_done);
  void complain(const std::string& what);

  const Places places_;
  const std::vector<StoreStep> steps_;
  const std::vector<std::string> expected_;
  const World world_;
  std::unique_ptr<SqliteStore> store_;
  std::string problem_;
  int unknown_ = 0;
  std::atomic<std::size_t> sure_ = 0;
  std::atomic<std::size_t> begun_ = 0;
};

// What is wrong with a store that has been left in `directory`, whose contents must be one of `expected` from `from` to
// `to`; empty: nothing. It is opened, read, checked, written to, and checked again.
std::string problem_of_left_store(const StoreLife::Places& places, const std::vector<std::string>& expected,
                                  std::size_t from, std::size_t to);

}  // namespace limehook::store
