// What a worker prepares once per webhook version and per origin, and the head of each request that follows from it.

#include <fmt/format.h>

#include <algorithm>

#include "http_client/client_certificate.hpp"
#include "http_client/oauth.hpp"
#include "http_client/request_head.hpp"
#include "http_client/worker.hpp"

namespace limehook::http_client {
namespace {

constexpr std::size_t kPlansMax = 131'072;  // some 700 bytes each
constexpr std::size_t kOriginsMax = 8192;

std::string authority_with_port(const Target& target) {
  const bool v6 = target.address && target.address->is_v6();
  return v6 ? fmt::format("[{}]:{}", target.host, target.port) : fmt::format("{}:{}", target.host, target.port);
}

signing::SigningKeys keys_of(const Webhook& webhook) {
  signing::SigningKeys keys{
      .secret = webhook.secret, .previous = {}, .v1 = webhook.signatures.v1, .private_key = webhook.signing_key};
  for (const PreviousSecret& old : webhook.previous_secrets) keys.previous.push_back({old.secret, old.expires_at});
  return keys;
}

}  // namespace

std::expected<Plan*, std::string> Worker::plan_for(const WebhookPtr& webhook) {
  const auto found = plans_.find(webhook->id);
  if (found != plans_.end() && found->second.webhook == webhook) return &found->second;
  auto main = receiver_route(webhook->url);
  if (!main) return std::unexpected(std::move(main.error()));
  Plan plan{webhook, signing::Signer(keys_of(*webhook)), std::move(*main), nullptr, nullptr};
  if (!webhook->fallback_url.empty()) {
    auto fallback = receiver_route(webhook->fallback_url);
    if (!fallback) return std::unexpected(std::move(fallback.error()));
    plan.fallback = std::make_unique<Route>(std::move(*fallback));
  }
  const auto* old =
      found == plans_.end() || found->second.webhook->team_id != webhook->team_id ? nullptr : &found->second;
  if (auto given = give_pools(plan, old); !given) return std::unexpected(std::move(given.error()));
  if (webhook->oauth) {
    const auto source = old == nullptr ? nullptr : old->token_source;
    plan.token_source =
        source && source->settings == *webhook->oauth ? source : std::make_shared<TokenSource>(*webhook->oauth);
  }
  if (plans_.size() >= kPlansMax) plans_.clear();
  return &plans_.insert_or_assign(webhook->id, std::move(plan)).first->second;
}

// The pools of the webhook's version before where they still fit, else new ones.
std::expected<void, std::string> Worker::give_pools(Plan& plan, const Plan* old) {
  const auto& certificate = plan.webhook->client_certificate;
  // Connections and TLS sessions stand for the certificate that was shown when they began.
  if (old != nullptr && old->webhook->client_certificate != certificate) old = nullptr;
  std::shared_ptr<const ClientIdentity> identity = old != nullptr ? old->main.pool->identity : nullptr;
  if (certificate && !identity) {
    auto read = ClientIdentity::read(*certificate);
    if (!read) return std::unexpected("its client certificate " + read.error().detail);
    identity = std::make_shared<const ClientIdentity>(std::move(*read));
  }
  const auto give = [&](Route& route, const Route* old_route) {
    const bool fits = old_route != nullptr && old_route->origin == route.origin;
    route.pool = fits ? old_route->pool : PoolPtr(new Pool(identity));
  };
  give(plan.main, old != nullptr ? &old->main : nullptr);
  if (plan.fallback) give(*plan.fallback, old != nullptr ? old->fallback.get() : nullptr);
  return {};
}

std::expected<Route, std::string> Worker::receiver_route(std::string_view url) {
  if (!options_.is_test_receiver || !options_.is_test_receiver(url)) return route_to(url);
  auto target = parse_target(url);
  if (!target) return std::unexpected(std::move(target.error()));
  auto origin = own_origin(*target);
  return Route{std::move(target->authority), std::move(target->path), std::move(origin), nullptr};
}

std::expected<Route, std::string> Worker::route_to(std::string_view url) {
  auto target = parse_target(url);
  if (!target) return std::unexpected(std::move(target.error()));
  auto origin = origin_for(*target);
  // RFC 9112 section 3.2.2. Through a tunnel the receiver is spoken to as ever.
  if (proxy_ && !target->tls) target->path = fmt::format("http://{}{}", target->authority, target->path);
  return Route{std::move(target->authority), std::move(target->path), std::move(origin), nullptr};
}

OriginPtr Worker::origin_for(const Target& target) {
  auto key = fmt::format("{} {} {}", target.tls ? "https" : "http", target.host, target.port);
  if (const auto found = origins_.find(key); found != origins_.end()) return found->second;
  if (origins_.size() >= kOriginsMax) {
    std::erase_if(origins_, [](const auto& entry) {
      return entry.second->use_count() == 1 && entry.second->lookup_owners.empty();
    });
  }
  OriginPtr origin(new Origin);
  origin->tls = target.tls;
  origin->host = target.host;
  origin->address = target.address;
  origin->port = target.port;
  if (auto problem = options_.policy.literal_problem(target.host)) {
    origin->refusal = std::move(*problem);
  } else if (problem = options_.ports.problem(target.port); problem) {
    origin->refusal = fmt::format("the URL {}", *problem);
  }
  origin->via_proxy = proxy_ != nullptr;
  if (proxy_ && target.tls) origin->tunnel_request = tunnel_request(authority_with_port(target));
  origins_[std::move(key)] = origin;
  return origin;
}

// Apart from the origin that other URLs of the same host and port have: what holds for one does not for the other.
OriginPtr Worker::own_origin(const Target& target) {
  OriginPtr& origin = origins_[fmt::format("own {} {}", target.host, target.port)];
  if (origin) return origin;
  origin.reset(new Origin);
  origin->host = target.host;
  origin->address = target.address;
  origin->port = target.port;
  origin->own = true;
  return origin;
}

OriginPtr Worker::origin_of(const Proxy& proxy) {
  OriginPtr origin(new Origin);
  origin->host = proxy.host;
  origin->port = proxy.port;
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(proxy.host, ec);
  if (!ec) origin->address = address;
  if (!proxy.credentials.empty()) proxy_authorization_ = basic_credentials(proxy.credentials);
  return origin;
}

std::string Worker::tunnel_request(const std::string& authority) const {
  std::string request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", authority);
  if (!proxy_authorization_.empty()) request += fmt::format("Proxy-Authorization: {}\r\n", proxy_authorization_);
  return request + "\r\n";
}

RequestTarget Worker::target_of(const Route& route) const {
  return {.target = route.target,
          .authority = route.authority,
          .proxy_authorization =
              route.origin->via_proxy && !route.origin->tls ? std::string_view(proxy_authorization_) : ""};
}

void Worker::sign_and_write_head(Exchange& exchange, const Plan& plan, const Route& route) {
  const auto& request = exchange.request;
  auto& attempt = exchange.result.attempt;
  const auto webhook_id = request.delivery.str();
  const auto timestamp = to_us(attempt.started_at) / 1'000'000;
  attempt.signatures = plan.signer.sign(webhook_id, timestamp, *request.body);
  const auto signatures = signing::headers_of(attempt.signatures);
  const DeliveryHeaders headers{.version = options_.version,
                                .webhook_id = webhook_id,
                                .token = exchange.access_token ? *exchange.access_token : plan.webhook->token,
                                .signature_header = plan.webhook->signature_header,
                                .type = request.type,
                                .body_type = request.body_type,
                                .attempt = request.number,
                                .timestamp = timestamp,
                                .test = request.test,
                                .signatures = signatures,
                                .own_headers = plan.webhook->headers};
  write_request_head(exchange.head, target_of(route), headers, request.body->size());
}

}  // namespace limehook::http_client
