#pragma once
// The headers of a delivery (spec, section 2), in one place: for sending them and for showing them in the log.

#include <charconv>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/event.hpp"
#include "model/webhook.hpp"
#include "signing/signing.hpp"

namespace limehook::http_client {

// What the headers of one attempt are made from. Refers to its owner's values.
struct DeliveryHeaders {
  std::string_view version;     // of Limehook
  std::string_view webhook_id;  // the delivery's id
  std::string_view token;
  EventType type{};
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
  visit("Content-Type", "application/json", "");
  visit("Accept", "*/*", "");
  visit("Authorization", "Bearer ", in.token);
  visit("X-LimeCall-Event", name_of(in.type), "");
  visit("X-LimeCall-Attempt", decimal(in.attempt), "");
  if (in.test) visit("X-LimeCall-Test", "true", "");
  visit("X-LimeCall-Signature", in.signatures.limecall, "");
  if (!in.signatures.limecall_previous.empty()) {
    visit("X-LimeCall-Signature-Previous", in.signatures.limecall_previous, "");
  }
  visit("webhook-id", in.webhook_id, "");
  visit("webhook-timestamp", decimal(in.timestamp), "");
  visit("webhook-signature", in.signatures.webhook_signature, "");
  for (const auto& header : in.own_headers) visit(header.name, header.value, "");
}

// The same as a list, for the log. Masking what is secret is the caller's business.
std::vector<Header> delivery_headers(const DeliveryHeaders& in);

// Replaces `out` by the request's head (RFC 9112 sections 3 and 5), up to and with the empty line.
void write_request_head(std::string& out, std::string_view authority, std::string_view path,
                        const DeliveryHeaders& headers, std::size_t body_size);

}  // namespace limehook::http_client
