#pragma once
// The demo's own book of what the server has accepted, independent of the server's store: a text file that survives
// kill -9, so that the next start can prove that nothing is missing.

#include <cstddef>
#include <expected>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace limehook::app {

class DemoLedger {
 public:
  // Reads what an earlier run left, if any. The error says why the file cannot be used.
  static std::expected<DemoLedger, std::string> open(const std::filesystem::path& file);

  DemoLedger(DemoLedger&& other) noexcept;
  DemoLedger& operator=(DemoLedger&&) = delete;
  ~DemoLedger();

  // The server answered that it accepted `event`, which goes to so many webhooks.
  void note_accepted(const std::string& event, std::size_t deliveries);
  // One delivery of `event` has ended. Events that are not in the ledger are ignored.
  void note_ended(const std::string& event);
  // All deliveries of `event` have ended.
  void note_settled(const std::string& event);

  // Accepted events, and how many of their deliveries are not known to have ended.
  const std::map<std::string, std::size_t>& waiting() const { return waiting_; }

 private:
  explicit DemoLedger(int descriptor) : descriptor_(descriptor) {}
  void apply(std::string_view line);
  void append(std::string line);

  int descriptor_;
  std::map<std::string, std::size_t> waiting_;
};

}  // namespace limehook::app
