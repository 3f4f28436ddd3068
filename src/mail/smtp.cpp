#include "mail/smtp.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "http_client/tls_rules.hpp"
#include "mail/mime.hpp"

namespace limehook::mail {
namespace {

struct Release {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Curl = std::unique_ptr<CURL, Release>;
using List = std::unique_ptr<curl_slist, Release>;

// What libcurl's callbacks work on during one message.
struct Transfer {
  std::string_view rest;  // of the message
  const std::stop_token& stop;
  std::string refusals;  // the server's lines that say no
  std::array<char, CURL_ERROR_SIZE> error{};
};

std::size_t read_message(char* buffer, std::size_t size, std::size_t count, void* transfer) {
  auto& rest = static_cast<Transfer*>(transfer)->rest;
  const auto taken = rest.copy(buffer, size * count);
  rest.remove_prefix(taken);
  return taken;
}

// libcurl gives the server's replies to commands as it gives HTTP headers: line by line.
std::size_t read_reply(const char* line, std::size_t size, std::size_t count, void* transfer) {
  auto& refusals = static_cast<Transfer*>(transfer)->refusals;
  std::string_view text(line, size * count);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  if (text.starts_with('4') || text.starts_with('5')) {
    constexpr std::size_t kRefusalsMax = 1000;
    if (!refusals.empty()) refusals += "; ";
    refusals += one_line(text.substr(0, kRefusalsMax - std::min(refusals.size(), kRefusalsMax)));
  }
  return size * count;
}

int check_stop(void* transfer, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(transfer)->stop.stop_requested() ? 1 : 0;
}

std::string url_of(const SmtpOptions& options) {
  const bool ipv6 = options.host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", options.encryption == Encryption::Tls ? "smtps" : "smtp", ipv6 ? "[" : "",
                     options.host, ipv6 ? "]" : "", options.port);
}

List recipients(const Message& message) {
  List list;
  for (const std::string& address : message.to) {
    if (auto* const longer = curl_slist_append(list.get(), address.c_str())) {
      static_cast<void>(list.release());
      list.reset(longer);
    }
  }
  return list;
}

// libcurl would take a Common Name where there is no alternative name. Its own check stays.
CURLcode count_alternative_names_only(CURL*, void* context, void* options) {
  http_client::expect_host(SSL_CTX_get0_param(static_cast<SSL_CTX*>(context)),
                           static_cast<const SmtpOptions*>(options)->host);
  return CURLE_OK;
}

void set_server(CURL* curl, const SmtpOptions& options) {
  curl_easy_setopt(curl, CURLOPT_URL, url_of(options).c_str());
  curl_easy_setopt(curl, CURLOPT_PROXY, "");  // the environment's proxies are for HTTP
  curl_easy_setopt(curl, CURLOPT_USE_SSL,
                   static_cast<long>(options.encryption == Encryption::None ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  // The system's authorities stay trusted: libcurl looks them up in CURLOPT_CAPATH, which keeps its default.
  if (!options.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
  curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, count_alternative_names_only);
  curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, &options);
  if (!options.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, options.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, options.password.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.time_limit.count()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(options.time_limit.count()));
  curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, static_cast<long>(options.time_limit.count()));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);    // signals are the main thread's
  curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);  // a stop does not wait for a name server
}

void set_message(CURL* curl, const Message& message, const List& to, Transfer& transfer) {
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, message.from.c_str());
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to.get());
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);  // one wrong address does not keep it from the others
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(message.content.size()));
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_message);
  curl_easy_setopt(curl, CURLOPT_READDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, read_reply);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, check_stop);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer.error.data());
}

Handover hand_over(const SmtpOptions& options, const Message& message, const std::stop_token& stop) {
  const Curl curl(curl_easy_init());
  if (!curl) return {Outcome::Failed, "no memory"};
  const List to = recipients(message);
  Transfer transfer{message.content, stop};
  set_server(curl.get(), options);
  set_message(curl.get(), message, to, transfer);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code == CURLE_OK) return {Outcome::Sent, std::move(transfer.refusals)};
  long reply = 0;  // the server's last; 0: it said nothing
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &reply);
  std::string words = transfer.error.front() != '\0' ? transfer.error.data() : curl_easy_strerror(code);
  if (!transfer.refusals.empty()) words += fmt::format("; the server said: {}", transfer.refusals);
  return {reply / 100 == 5 ? Outcome::Refused : Outcome::Failed, std::move(words)};
}

}  // namespace

HandOver smtp(SmtpOptions options) {
  // Thread-safe as Debian builds it, and once is enough for the process.
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(initialized);
  return [options = std::move(options)](const Message& message, const std::stop_token& stop) {
    return hand_over(options, message, stop);
  };
}

}  // namespace limehook::mail
