#include "http_client/request_head.hpp"

namespace limehook::http_client {

std::vector<Header> delivery_headers(const DeliveryHeaders& in) {
  std::vector<Header> list;
  visit_delivery_headers(in, [&list](std::string_view name, std::string_view front, std::string_view back) {
    list.push_back({std::string(name), std::string(front).append(back)});
  });
  return list;
}

void begin_request_head(std::string& out, const RequestTarget& target, std::size_t body_size) {
  char digits[24];
  const std::string_view length(digits, std::to_chars(digits, digits + sizeof digits, body_size).ptr);
  out.clear();
  out.append("POST ").append(target.target).append(" HTTP/1.1\r\nHost: ").append(target.authority);
  out.append("\r\nContent-Length: ").append(length).append("\r\n");
  if (!target.proxy_authorization.empty()) {
    out.append("Proxy-Authorization: ").append(target.proxy_authorization).append("\r\n");
  }
}

void write_request_head(std::string& out, const RequestTarget& target, const DeliveryHeaders& headers,
                        std::size_t body_size) {
  begin_request_head(out, target, body_size);
  visit_delivery_headers(headers, [&out](std::string_view name, std::string_view front, std::string_view back) {
    out.append(name).append(": ").append(front).append(back).append("\r\n");
  });
  out.append("\r\n");
}

}  // namespace limehook::http_client
