#pragma once
// Where this server's own test receivers are: "http://127.0.0.1:8080/test-receiver/rcv_…".

#include <optional>
#include <string>
#include <string_view>

namespace limehook {

// What the ids of test receivers begin with; 43 characters of base64url follow (RFC 4648 section 5).
inline constexpr std::string_view kTestReceiverPrefix = "rcv_";

class TestReceiverUrls {
 public:
  // There is no URL at which receivers could be reached.
  TestReceiverUrls() = default;
  // `origin`: scheme, host and port, without a slash at the end. `exempt`: deliveries go to receivers there past the
  // rules for URLs and addresses, because it is the address on which this server itself listens.
  TestReceiverUrls(std::string origin, bool exempt);

  bool any() const { return !base_.empty(); }
  std::string url_of(std::string_view id) const { return base_ + std::string(id); }
  // The id of the receiver that `url` names, and names exactly: without query, in this one spelling.
  std::optional<std::string_view> id_in(std::string_view url) const;
  // May deliveries go to `url`, whatever the rules for other URLs say? No URL of another path is exempt.
  bool exempts(std::string_view url) const { return exempt_ && id_in(url); }

 private:
  std::string base_;
  bool exempt_ = false;
};

}  // namespace limehook
