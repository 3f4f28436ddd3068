#include "identity/web_fetch.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <boost/url/parse.hpp>
#include <memory>
#include <string_view>

#include "http_client/tls_rules.hpp"

namespace limehook::identity {
namespace {

struct Release {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Curl = std::unique_ptr<CURL, Release>;
using Headers = std::unique_ptr<curl_slist, Release>;

// What libcurl's callbacks work on.
struct Transfer {
  std::size_t bytes_max;
  const std::stop_token& stop;
  std::string body;
  bool too_large = false;
};

std::size_t take_body(const char* bytes, std::size_t size, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  transfer.too_large = transfer.body.size() + size * count > transfer.bytes_max;
  if (transfer.too_large) return 0;
  transfer.body.append(bytes, size * count);
  return size * count;
}

int check_stop(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(context)->stop.stop_requested() ? 1 : 0;
}

void add(Headers& headers, const std::string& line) {
  if (auto* const longer = curl_slist_append(headers.get(), line.c_str())) {
    static_cast<void>(headers.release());
    headers.reset(longer);
  }
}

// libcurl would take a Common Name where there is no alternative name. Its own check stays.
CURLcode count_alternative_names_only(CURL*, void* context, void* request) {
  const auto url = boost::urls::parse_uri(static_cast<const FetchRequest*>(request)->url);
  if (!url) return CURLE_URL_MALFORMAT;
  http_client::expect_host(SSL_CTX_get0_param(static_cast<SSL_CTX*>(context)), url->host_address());
  return CURLE_OK;
}

void set_limits(CURL* curl, const FetchLimits& limits) {
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  // The system's authorities stay trusted: libcurl looks them up in CURLOPT_CAPATH, which keeps its default.
  if (!limits.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, limits.ca_file.c_str());
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(limits.time.count()));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);    // signals are the main thread's
  curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);  // a stop does not wait for a name server
}

void set_request(CURL* curl, const FetchRequest& request, const Headers& headers, Transfer& transfer) {
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "Limehook");
  curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, count_alternative_names_only);
  curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, &request);
  if (!request.form.empty()) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.form.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.form.data());
  }
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, check_stop);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
}

}  // namespace

std::expected<FetchAnswer, std::string> fetch(const FetchRequest& request, const FetchLimits& limits,
                                              const std::stop_token& stop) {
  // Thread-safe as Debian builds it, and once is enough for the process.
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  const Curl curl(curl_easy_init());
  if (initialized != CURLE_OK || !curl) return std::unexpected("no memory");
  if (stop.stop_requested()) return std::unexpected("this server is stopping");
  Headers headers;
  add(headers, "Accept: application/json");
  if (!request.authorization.empty()) add(headers, "Authorization: " + request.authorization);
  Transfer transfer{limits.bytes, stop};
  set_limits(curl.get(), limits);
  set_request(curl.get(), request, headers, transfer);
  const CURLcode code = curl_easy_perform(curl.get());
  if (transfer.too_large) return std::unexpected(fmt::format("the answer has more than {} bytes", limits.bytes));
  if (code != CURLE_OK) return std::unexpected(curl_easy_strerror(code));
  FetchAnswer answer{.body = std::move(transfer.body)};
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

}  // namespace limehook::identity
