#pragma once
// The dashboard's pages and the docs: what web/ was built to, embedded in the binary, with the headers that keep
// browsers to it.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http_server/server.hpp"

namespace limehook::api {

// One file of the build.
struct PageFile {
  std::string_view path;  // "/index.html", "/docs/quick-start.html", "/assets/index-….js"; the last name their content
  std::string_view content_type;
  std::string_view digest;  // of `bytes`, in hex
  std::string_view bytes;
  std::string_view gzip;  // the same, compressed; empty where that saves nothing
};

std::span<const PageFile> page_files();

class Pages {
 public:
  // `frame_ancestors`: origins of sites that may embed the portal (CSP level 3, section 6.4.2). Nobody may embed
  // another page.
  explicit Pages(const std::vector<std::string>& frame_ancestors);

  // Is `request` for a page or one of its files? Paths are compared as they are, byte by byte.
  bool has(const http_server::Request& request) const;
  // The answer to a request that has() is true for.
  http_server::Response answer(const http_server::Request& request) const;
  // The page that says 404, for people who followed a wrong link; nothing for programs, and for paths of the API.
  std::optional<http_server::Response> not_found(const http_server::Request& request) const;

 private:
  std::string policy_;         // Content-Security-Policy of everything but the portal
  std::string portal_policy_;  // and of the portal
  bool portal_is_embedded_;
};

}  // namespace limehook::api
