#pragma once
// Bytes received and not yet parsed, in one piece. Starts small, because idle connections keep theirs.

#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace limehook::http_client {

class ReadBuffer {
 public:
  static constexpr std::size_t kCapacityMin = 4 * 1024;
  static constexpr std::size_t kCapacityMax = 32 * 1024;

  std::string_view data() const { return {bytes_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  // Holds as much as it ever can.
  bool full() const { return end_ - begin_ == kCapacityMax; }

  // Room for more; not empty unless full(). Moves the data.
  std::span<char> prepare() {
    if (begin_ == end_) begin_ = end_ = 0;
    if (end_ == capacity_) make_room();
    return {bytes_.get() + end_, capacity_ - end_};
  }
  void commit(std::size_t size) { end_ += size; }
  void consume(std::size_t size) { begin_ += size; }

 private:
  void make_room() {
    const auto size = end_ - begin_;
    if (begin_ > 0) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, size);
    } else if (capacity_ < kCapacityMax) {
      const auto larger = capacity_ == 0 ? kCapacityMin : capacity_ * 2;
      auto bytes = std::make_unique_for_overwrite<char[]>(larger);
      if (size > 0) std::memcpy(bytes.get(), bytes_.get(), size);
      bytes_ = std::move(bytes);
      capacity_ = larger;
    }
    begin_ = 0;
    end_ = size;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace limehook::http_client
