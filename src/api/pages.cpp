#include "api/pages.hpp"

#include <algorithm>
#include <array>

#include "base/assert.hpp"

namespace limehook::api {
namespace {

using http_server::Request;
using http_server::Response;

constexpr std::string_view kPortalPath = "/portal";
constexpr std::string_view kDocsPath = "/docs";
// web/src/app.tsx has the same paths.
constexpr std::array<std::string_view, 17> kPagePaths{"/",
                                                      "/sign-in",
                                                      "/setup",
                                                      "/invitation",
                                                      "/reset-password",
                                                      "/confirm-email",
                                                      "/account",
                                                      "/logs",
                                                      "/events",
                                                      "/settings",
                                                      "/settings/webhooks",
                                                      "/settings/numbers",
                                                      "/settings/sources",
                                                      "/settings/keys",
                                                      "/settings/users",
                                                      "/settings/teams",
                                                      "/settings/audit"};
// Under these there are pages for things of all names; web/src/app.tsx says so when there is none.
constexpr std::array<std::string_view, 4> kPageAreas{"/logs/", "/events/", "/settings/webhooks/", "/settings/teams/"};

constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors ";

bool is_portal(std::string_view path) {
  return path.starts_with(kPortalPath) && (path.size() == kPortalPath.size() || path[kPortalPath.size()] == '/');
}

bool is_page(std::string_view path) {
  if (is_portal(path)) path.remove_prefix(kPortalPath.size());
  if (path.empty()) return true;
  return std::ranges::find(kPagePaths, path) != kPagePaths.end() ||
         std::ranges::any_of(kPageAreas, [&](std::string_view area) { return path.starts_with(area); });
}

const PageFile* file_named(std::string_view name) {
  const auto files = page_files();
  const auto found = std::ranges::find(files, name, &PageFile::path);
  return found == files.end() ? nullptr : &*found;
}

// The file that a path leads to: the dashboard's pages are one document, which shows what belongs to the path; those of
// the docs are a file each.
const PageFile* file_at(std::string_view path) {
  if (is_page(path)) return file_named("/index.html");
  if (path == "/docs/") path = kDocsPath;
  if (path == kDocsPath || path.starts_with("/docs/")) return file_named(std::string(path) + ".html");
  return path.starts_with("/assets/") ? file_named(path) : nullptr;
}

// RFC 9110, section 12.5.3: "gzip" or "gzip;q=…" with a weight above 0.
bool takes_gzip(std::string_view accept_encoding) {
  const auto at = accept_encoding.find("gzip");
  if (at == std::string_view::npos) return false;
  const auto weight = accept_encoding.substr(at + 4, accept_encoding.find(',', at) - at - 4);
  return !weight.contains("q=0") || weight.find_first_of("123456789") != std::string_view::npos;
}

Response render(const PageFile& file, const Request& request) {
  const bool packed = !file.gzip.empty() && takes_gzip(request.header("accept-encoding"));
  const std::string etag = "\"" + std::string(file.digest) + (packed ? "-gzip\"" : "\"");
  const bool named_by_content = file.path.starts_with("/assets/");
  Response response{200, std::string(file.content_type), std::string(packed ? file.gzip : file.bytes), {}};
  if (request.header("if-none-match").contains(etag)) {
    response.status = 304;
    response.body.clear();
  }
  response.headers = {{"Cache-Control", named_by_content ? "public, max-age=31536000, immutable" : "no-cache"},
                      {"ETag", etag},
                      {"Vary", "Accept-Encoding"},
                      {"Cross-Origin-Opener-Policy", "same-origin"}};
  if (packed) response.headers.emplace_back("Content-Encoding", "gzip");
  return response;
}

}  // namespace

Pages::Pages(const std::vector<std::string>& frame_ancestors)
    : policy_(std::string(kPolicy) + "'none'"), portal_policy_(kPolicy), portal_is_embedded_(!frame_ancestors.empty()) {
  for (const std::string& origin : frame_ancestors) portal_policy_ += origin + " ";
  if (portal_is_embedded_) portal_policy_.pop_back();
  else portal_policy_ = policy_;
}

bool Pages::has(const Request& request) const {
  return (request.method == "GET" || request.method == "HEAD") && file_at(request.path()) != nullptr;
}

Response Pages::answer(const Request& request) const {
  const PageFile* file = file_at(request.path());
  LIMEHOOK_ASSERT(file);
  Response response = render(*file, request);
  const bool portal = is_portal(request.path());
  response.headers.emplace_back("Content-Security-Policy", portal ? portal_policy_ : policy_);
  if (!portal || !portal_is_embedded_) response.headers.emplace_back("X-Frame-Options", "DENY");
  return response;
}

std::optional<Response> Pages::not_found(const Request& request) const {
  const bool for_people = (request.method == "GET" || request.method == "HEAD") &&
                          request.header("accept").contains("text/html") && !request.path().starts_with("/v1/");
  if (!for_people) return std::nullopt;
  Request page = request;
  page.target = "/";
  std::erase_if(page.headers, [](const auto& header) { return header.first == "if-none-match"; });
  Response response = answer(page);
  response.status = 404;
  return response;
}

}  // namespace limehook::api
