#include "api/test_receivers.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace limehook::api {
namespace {

constexpr std::size_t kBytesPerEntry = 64;  // what a value costs beside its text

std::size_t size_of(const ReceivedRequest& request) {
  std::size_t bytes = sizeof(ReceivedRequest) + request.body.size();
  for (const auto& [name, value] : request.headers) bytes += name.size() + value.size() + kBytesPerEntry;
  return bytes;
}

}  // namespace

TestReceiver* TestReceivers::find(std::string_view id) {
  const auto found = receivers_.find(id);
  return found == receivers_.end() ? nullptr : &found->second;
}

std::size_t TestReceivers::count_of(const std::string& team_id) const {
  const auto found = teams_.find(team_id);
  return found == teams_.end() ? 0 : found->second.receivers.size();
}

TestReceiver& TestReceivers::add(TestReceiver receiver) {
  TestReceiver& added = receivers_[receiver.id] = std::move(receiver);
  teams_[added.team_id].receivers.push_back(&added);
  return added;
}

void TestReceivers::remove(std::string_view id) {
  const auto found = receivers_.find(id);
  if (found == receivers_.end()) return;
  TestReceiver& receiver = found->second;
  while (!receiver.requests.empty()) drop_oldest(receiver);
  const auto team = teams_.find(receiver.team_id);
  std::erase(team->second.receivers, &receiver);
  if (team->second.receivers.empty()) teams_.erase(team);
  receivers_.erase(found);
}

void TestReceivers::keep(TestReceiver& receiver, ReceivedRequest request) {
  ++receiver.received;
  const std::size_t size = size_of(request);
  request.number = ++kept_;
  receiver.requests.push_front(std::move(request));
  bytes_ += size;
  teams_[receiver.team_id].bytes += size;
  if (receiver.requests.size() > limits::kTestRequestsKept) drop_oldest(receiver);
  while (bytes_ > bytes_max_) make_room();
}

void TestReceivers::drop_oldest(TestReceiver& receiver) {
  const std::size_t size = size_of(receiver.requests.back());
  receiver.requests.pop_back();
  bytes_ -= size;
  teams_[receiver.team_id].bytes -= size;
}

// A team that gets very much loses its own requests, not others'. The clock may have been set back, so times do not say
// which came first.
void TestReceivers::make_room() {
  const auto team = std::ranges::max_element(teams_, {}, [](const auto& entry) { return entry.second.bytes; });
  TestReceiver* oldest = nullptr;
  for (TestReceiver* receiver : team->second.receivers) {
    if (receiver->requests.empty()) continue;
    if (!oldest || receiver->requests.back().number < oldest->requests.back().number) oldest = receiver;
  }
  drop_oldest(*oldest);
}

}  // namespace limehook::api
