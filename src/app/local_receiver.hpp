#pragma once
// A small HTTP server on the loopback interface that receives webhooks: for `listen` and for the demo.

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/http_connection.hpp"

namespace limehook::app {

struct ReceivedRequest {
  std::string method;
  std::string target;
  HttpHeaders headers;
  std::string body;
  // The value of a header, whatever the case of its name; "" without it.
  std::string_view header(std::string_view name) const;
};

struct ReceiverReply {
  enum class Kind {
    Answer,
    Hang,   // never answer, until the sender gives up
    Reset,  // break the connection off
  };
  Kind kind = Kind::Answer;
  int status = 200;
  HttpHeaders headers;
  std::string body;
  Duration delay{0};  // before the answer
};

class LocalReceiver {
 public:
  // Called on the receiver's own threads, several at a time; may block.
  using Handler = std::function<ReceiverReply(const ReceivedRequest&)>;

  // Listens on 127.0.0.1 at `port` (0: any free one) until destroyed, which waits for handlers that run. The error
  // says why it cannot.
  static std::expected<LocalReceiver, std::string> start(std::uint16_t port, Handler handler);

  LocalReceiver(LocalReceiver&&) noexcept;
  LocalReceiver& operator=(LocalReceiver&&) noexcept;
  ~LocalReceiver();
  std::uint16_t port() const;

 private:
  struct Impl;
  explicit LocalReceiver(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What a receiver verifies with; empty: not at all.
struct ReceiverKeys {
  std::string_view secret;      // "whsec_…": X-LimeCall-Signature, and v1 in webhook-signature
  std::string_view public_key;  // "whpk_…": v1a in webhook-signature
};
// Checks the signatures of a request as a receiver should. Answers what is wrong.
std::optional<std::string> signature_problem(const ReceivedRequest& request, const ReceiverKeys& keys, WallTime now);

}  // namespace limehook::app
