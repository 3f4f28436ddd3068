#include "app/demo_ledger.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <utility>

namespace limehook::app {

std::expected<DemoLedger, std::string> DemoLedger::open(const std::filesystem::path& file) {
  DemoLedger earlier(-1);
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) earlier.apply(line);

  // Starting over with what still waits keeps the file small. The new file takes the old one's place at once.
  auto fresh_name = file;
  fresh_name += ".new";
  DemoLedger ledger(::open(fresh_name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644));
  const bool opened = ledger.descriptor_ >= 0;
  if (opened) {
    for (const auto& [event, deliveries] : earlier.waiting_) ledger.note_accepted(event, deliveries);
  }
  if (!opened || std::rename(fresh_name.c_str(), file.c_str()) != 0) {
    return std::unexpected(fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
  }
  return ledger;
}

DemoLedger::DemoLedger(DemoLedger&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), waiting_(std::move(other.waiting_)) {}

DemoLedger::~DemoLedger() {
  if (descriptor_ >= 0) close(descriptor_);
}

void DemoLedger::note_accepted(const std::string& event, std::size_t deliveries) {
  if (deliveries > 0) append(fmt::format("accepted {} {}", event, deliveries));
}

void DemoLedger::note_ended(const std::string& event) {
  if (waiting_.contains(event)) append("ended " + event);
}

void DemoLedger::note_settled(const std::string& event) {
  if (waiting_.contains(event)) append("settled " + event);
}

// A line that was cut off by a kill says nothing.
void DemoLedger::apply(std::string_view line) {
  const auto word_end = line.find(' ');
  if (word_end == std::string_view::npos) return;
  const auto word = line.substr(0, word_end);
  const auto rest = line.substr(word_end + 1);
  const auto event = std::string(rest.substr(0, rest.find(' ')));
  if (word == "accepted") {
    std::size_t deliveries = 0;
    std::from_chars(rest.data() + std::min(event.size() + 1, rest.size()), rest.data() + rest.size(), deliveries);
    if (deliveries > 0) waiting_[event] = deliveries;
    return;
  }
  const auto entry = waiting_.find(event);
  if (entry == waiting_.end()) return;
  if (word == "settled" || (word == "ended" && --entry->second == 0)) waiting_.erase(entry);
}

void DemoLedger::append(std::string line) {
  apply(line);
  line += '\n';
  // One write, so that a kill leaves whole lines. Should the disk be full, the demo goes on without its book.
  [[maybe_unused]] const auto written = write(descriptor_, line.data(), line.size());
}

}  // namespace limehook::app
