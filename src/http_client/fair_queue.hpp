#pragma once
// A queue in which owners take turns, so that who puts much into it makes nobody wait but himself.

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace limehook::http_client {

// Within one owner: first in, first out. Owners who have nothing in it are forgotten. One thread.
template <class Item>
class FairQueue {
 public:
  void push(std::string_view owner, Item item) {
    auto [found, is_new] = owners_.try_emplace(std::string(owner));
    if (is_new) turns_.push_back(&*found);
    found->second.push_back(std::move(item));
  }

  bool empty() const { return turns_.empty(); }

  // Precondition: not empty.
  Item pop() {
    auto* owner = turns_.front();
    turns_.pop_front();
    Item item = std::move(owner->second.front());
    owner->second.pop_front();
    if (owner->second.empty()) {
      owners_.erase(owners_.find(owner->first));
    } else {
      turns_.push_back(owner);
    }
    return item;
  }

 private:
  using Owners = std::unordered_map<std::string, std::deque<Item>>;
  Owners owners_;
  std::deque<typename Owners::value_type*> turns_;  // of owners; elements of the map do not move
};

}  // namespace limehook::http_client
