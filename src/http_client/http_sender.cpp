#include "http_client/http_sender.hpp"

#include <functional>

#include "http_client/resolver.hpp"
#include "http_client/target.hpp"
#include "http_client/tls.hpp"
#include "http_client/worker.hpp"

namespace limehook::http_client {
namespace {

constexpr std::size_t kResolverThreadsMax = 16;

}  // namespace

std::expected<std::unique_ptr<HttpSender>, std::string> HttpSender::create(SenderOptions options, AttemptDone done) {
  auto tls = TlsContext::create(options.ca_file);
  if (!tls) return std::unexpected(std::move(tls.error()));
  return std::unique_ptr<HttpSender>(
      new HttpSender(std::move(options), std::move(done), std::make_unique<TlsContext>(std::move(*tls))));
}

HttpSender::HttpSender(SenderOptions options, AttemptDone done, std::unique_ptr<TlsContext> tls)
    : options_(std::move(options)),
      done_(std::move(done)),
      tls_(std::move(tls)),
      resolver_(std::make_unique<Resolver>(kResolverThreadsMax, options_.look_up)) {
  for (int i = 0; i < options_.threads; ++i) {
    workers_.push_back(std::make_unique<Worker>(options_, *tls_, *resolver_, done_));
  }
}

HttpSender::~HttpSender() { stop(); }

void HttpSender::start(AttemptRequest request) {
  if (workers_.size() == 1) return workers_.front()->start(std::move(request));
  const auto& url = request.fallback ? request.webhook->fallback_url : request.webhook->url;
  const auto hash = std::hash<std::string_view>()(origin_text(url));
  workers_[hash % workers_.size()]->start(std::move(request));
}

void HttpSender::stop() {
  // First, because its callbacks post to the workers.
  resolver_->stop();
  for (const auto& worker : workers_) worker->request_stop();
  for (const auto& worker : workers_) worker->join();
}

}  // namespace limehook::http_client
