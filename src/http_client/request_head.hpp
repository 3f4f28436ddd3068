#pragma once
// The headers of a delivery (spec, section 2), in one place: for sending them and for showing them in the log.

#include <charconv>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/delivery.hpp"
#include "model/event.hpp"
#include "model/webhook.hpp"
#include "signing/signing.hpp"

namespace limehook::http_client {

inline constexpr std::string_view kSignatureHeader = "X-LimeCall-Signature";

// What the headers of one attempt are made from. Refers to its owner's values.
struct DeliveryHeaders {
  std::string_view version;     // of Limehook
  std::string_view webhook_id;  // the delivery's id
  std::string_view token;
  std::string_view signature_header;  // the webhook's; empty: the default
  EventType type{};
  BodyType body_type{};
  int attempt = 1;
  std::int64_t timestamp = 0;  // Unix seconds of the attempt's start
  bool test = false;
  const signing::SignedHeaders& signatures;
  std::span<const Header> own_headers;
};

// Calls `visit(name, value_part_1, value_part_2)` for each header; the value is both parts together. Host and
// Content-Length, which belong to the connection and the body, are not among them.
template <class Visit>
void visit_delivery_headers(const DeliveryHeaders& in, Visit&& visit) {
  char digits[24];
  const auto decimal = [&digits](std::int64_t number) {
    return std::string_view(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  };
  visit("User-Agent", "Limehook/", in.version);
  visit("Content-Type", content_type_of(in.body_type), "");
  visit("Accept", "*/*", "");
  visit("Accept-Encoding", "identity", "");  // answers are for the log, where people read them
  visit("Authorization", "Bearer ", in.token);
  visit("X-LimeCall-Event", name_of(in.type), "");
  visit("X-LimeCall-Attempt", decimal(in.attempt), "");
  if (in.test) visit("X-LimeCall-Test", "true", "");
  const auto signature_header = in.signature_header.empty() ? kSignatureHeader : in.signature_header;
  visit(signature_header, in.signatures.limecall, "");
  if (!in.signatures.limecall_previous.empty()) {
    const auto previous = std::string(signature_header) + "-Previous";
    visit(previous, in.signatures.limecall_previous, "");
  }
  visit("webhook-id", in.webhook_id, "");
  visit("webhook-timestamp", decimal(in.timestamp), "");
  visit("webhook-signature", in.signatures.webhook_signature, "");
  for (const auto& header : in.own_headers) visit(header.name, header.value, "");
}

// The same as a list, for the log. Masking what is secret is the caller's business.
std::vector<Header> delivery_headers(const DeliveryHeaders& in);

// What the head of a request begins with. Refers to its owner's values.
struct RequestTarget {
  std::string_view target;               // RFC 9112 section 3.2: the path with the query, or for a proxy the whole URL
  std::string_view authority;            // of the Host header
  std::string_view proxy_authorization;  // value of that header; empty: no such header
};

// Replaces `out` by what comes first in the head of a POST (RFC 9112 sections 3 and 5).
void begin_request_head(std::string& out, const RequestTarget& target, std::size_t body_size);
// Replaces `out` by the request's head, up to and with the empty line.
void write_request_head(std::string& out, const RequestTarget& target, const DeliveryHeaders& headers,
                        std::size_t body_size);

}  // namespace limehook::http_client
