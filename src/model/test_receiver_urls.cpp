#include "model/test_receiver_urls.hpp"

#include <algorithm>

namespace limehook {
namespace {

constexpr std::string_view kPath = "/test-receiver/";
constexpr std::size_t kTokenSize = 43;

bool is_base64url(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

}  // namespace

TestReceiverUrls::TestReceiverUrls(std::string origin, bool exempt)
    : base_(std::move(origin.append(kPath))), exempt_(exempt) {}

// Texts are compared, not URLs: there is nothing to take apart, so nothing that can be taken apart in two ways.
std::optional<std::string_view> TestReceiverUrls::id_in(std::string_view url) const {
  if (base_.empty() || !url.starts_with(base_)) return std::nullopt;
  const auto id = url.substr(base_.size());
  if (id.size() != kTestReceiverPrefix.size() + kTokenSize || !id.starts_with(kTestReceiverPrefix)) return std::nullopt;
  if (!std::ranges::all_of(id, is_base64url)) return std::nullopt;
  return id;
}

}  // namespace limehook
