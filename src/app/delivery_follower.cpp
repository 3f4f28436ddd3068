#include "app/delivery_follower.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace limehook::app {
namespace {

namespace json = boost::json;

// Open deliveries that are no longer on the newest page are asked for one by one, so many at a time.
constexpr std::size_t kOpenAskedPerPoll = 50;
constexpr std::size_t kOpenMax = 10'000;
constexpr std::size_t kKnownPages = 20;

bool is_open_status(std::string_view status) { return status == "pending" || status == "retrying"; }

std::vector<json::object> in_order(std::map<std::string, json::object>&& changes) {
  std::vector<json::object> out;
  for (auto& [id, delivery] : changes) out.push_back(std::move(delivery));
  return out;
}

}  // namespace

DeliveryFollower::DeliveryFollower(Fetch fetch, std::string list_target, std::size_t page_size)
    : fetch_(std::move(fetch)), list_target_(std::move(list_target)), page_size_(page_size) {}

ApiResult<std::vector<json::object>> DeliveryFollower::start() {
  auto page = fetch_page("");
  if (!page) return std::unexpected(std::move(page.error()));
  Changes changes;
  const auto& rows = page->at("data").as_array();
  for (const auto& row : rows) take(row.as_object(), changes);
  const bool more = !text_member(*page, "next_cursor").empty();
  if (more && !rows.empty()) floor_ = text_member(rows.back().as_object(), "id");
  return in_order(std::move(changes));
}

ApiResult<std::vector<json::object>> DeliveryFollower::poll() {
  Changes changes;
  std::set<std::string> looked_at;
  if (auto read = read_new_pages(looked_at, changes); !read) return std::unexpected(std::move(read.error()));
  if (auto looked = look_at_open(looked_at, changes); !looked) return std::unexpected(std::move(looked.error()));
  forget_old();
  return in_order(std::move(changes));
}

ApiResult<json::object> DeliveryFollower::fetch_page(const std::string& cursor) {
  const char separator = list_target_.find('?') == std::string::npos ? '?' : '&';
  auto target = fmt::format("{}{}limit={}", list_target_, separator, page_size_);
  if (!cursor.empty()) target += "&cursor=" + url_encoded(cursor);
  auto page = fetch_(target);
  if (!page) return std::unexpected(std::move(page.error()));
  return std::move(page->as_object());
}

// A page whose oldest delivery is new may hide more new ones behind it.
ApiResult<void> DeliveryFollower::read_new_pages(std::set<std::string>& looked_at, Changes& changes) {
  std::string cursor;
  bool oldest_is_new = true;
  do {
    auto page = fetch_page(cursor);
    if (!page) return std::unexpected(std::move(page.error()));
    oldest_is_new = false;
    for (const auto& row : page->at("data").as_array()) {
      const auto id = text_member(row.as_object(), "id");
      oldest_is_new = !is_known(id) && id > floor_;
      looked_at.insert(id);
      if (is_known(id) || id > floor_) take(row.as_object(), changes);
    }
    cursor = text_member(*page, "next_cursor");
  } while (oldest_is_new && !cursor.empty());
  return {};
}

ApiResult<void> DeliveryFollower::look_at_open(const std::set<std::string>& looked_at, Changes& changes) {
  std::vector<std::string> ids;
  const auto add = [&](auto begin, auto end) {
    for (auto entry = begin; entry != end && ids.size() < kOpenAskedPerPoll; ++entry) {
      if (!looked_at.contains(entry->first)) ids.push_back(entry->first);
    }
  };
  const auto next = open_.upper_bound(last_looked_at_);
  add(next, open_.end());
  add(open_.begin(), next);
  for (const auto& id : ids) {
    auto delivery = fetch_("/v1/deliveries/" + id);
    if (!delivery && delivery.error().status != 404) return std::unexpected(std::move(delivery.error()));
    if (delivery) take(delivery->as_object(), changes);
    else open_.erase(id);
  }
  if (!ids.empty()) last_looked_at_ = ids.back();
  return {};
}

bool DeliveryFollower::is_known(const std::string& id) const { return known_.contains(id) || open_.contains(id); }

void DeliveryFollower::take(const json::object& delivery, Changes& changes) {
  const auto id = text_member(delivery, "id");
  const State state{text_member(delivery, "status"), text_member(delivery, "attempt_count")};
  const auto open = open_.find(id);
  const auto known = known_.find(id);
  const bool unchanged = (open != open_.end() && open->second == state) ||
                         (open == open_.end() && known != known_.end() && known->second == state);
  if (is_open_status(state.status)) open_[id] = state;
  else if (open != open_.end()) open_.erase(open);
  known_[id] = state;
  if (!unchanged) changes[id] = delivery;
}

void DeliveryFollower::forget_old() {
  while (known_.size() > kKnownPages * page_size_) {
    floor_ = std::max(floor_, known_.begin()->first);
    known_.erase(known_.begin());
  }
  while (open_.size() > kOpenMax) open_.erase(open_.begin());
}

}  // namespace limehook::app
