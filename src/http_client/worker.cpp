#include "http_client/worker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/assert.hpp"
#include "http_client/clocks.hpp"

namespace limehook::http_client {
namespace {

namespace asio = boost::asio;

// Between two turns of the event loop. A deadline mostly costs closing a socket, as much as several requests.
constexpr std::size_t kTakenPerTurn = 64;
constexpr std::size_t kDeadlinesPerTurn = 4;
constexpr std::size_t kAddressesMax = 16;
constexpr std::size_t kLookupOwnersMax = 64;           // of one name at a time
constexpr std::string_view kProxyOwner = "\x01proxy";  // of lookups; no team has that id
constexpr const char* kNameUnknown = "the name is not known, or has no address that this server may send to";
constexpr std::size_t kRaceShare = 8;  // for each that many connections a race may have one socket more

}  // namespace

Worker::Worker(const SenderOptions& options, const TlsContext& tls, Resolver& resolver, const AttemptDone& done)
    : options_(options),
      tls_(tls),
      resolver_(resolver),
      done_(done),
      work_(asio::make_work_guard(io_)),
      timer_(io_),
      descriptor_timer_(io_),
      race_budget_{.extra_sockets_max = options.connections_max / kRaceShare} {
  if (options.proxy) proxy_ = origin_of(*options.proxy);
  thread_ = std::thread([this] { run(); });
}

Worker::~Worker() {
  request_stop();
  join();
}

void Worker::run() {
  while (!io_.stopped()) {
    if (!window_closed_) {
      io_.run_one();
    } else if (io_.run_one_for(StartWindow::kQuiet) == 0 && !io_.stopped()) {
      window_.forget();
      take_up_inbox();
    }
  }
}

void Worker::start(AttemptRequest request) {
  bool wake_up = false;
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      inbox_.push_back(std::move(request));
      wake_up = !std::exchange(wake_up_posted_, true);
      if (!wake_up) return;
    }
  }
  if (wake_up) {
    schedule_take_up();
  } else {
    done_(stopped_result(request));
  }
}

void Worker::schedule_take_up() {
  asio::post(io_, [this] { take_up_inbox(); });
}

// A few at a time, between turns of the event loop: responses that are there come first, so that their connections are
// used again and a burst does not open one for each of its attempts.
void Worker::take_up_inbox() {
  window_closed_ = false;
  if (next_taken_ == taken_.size()) {
    taken_.clear();
    next_taken_ = 0;
    const std::lock_guard lock(mutex_);
    taken_.swap(inbox_);
    if (taken_.empty()) wake_up_posted_ = false;
  }
  const auto end = std::min(taken_.size(), next_taken_ + kTakenPerTurn);
  while (next_taken_ < end) {
    if (!window_.is_open()) {
      window_closed_ = true;
      return;
    }
    take_up(std::move(taken_[next_taken_++]));
  }
  if (!taken_.empty()) schedule_take_up();
}

Exchange& Worker::new_exchange(AttemptRequest request) {
  if (free_exchanges_.empty()) free_exchanges_.push_back(&exchanges_.emplace_back(*this));
  Exchange& exchange = *free_exchanges_.back();
  free_exchanges_.pop_back();
  exchange.request = std::move(request);
  exchange.phase = Exchange::Phase::Resolving;
  exchange.started = monotonic_now();
  exchange.generation = window_.started();
  exchange.deadline = exchange.started + exchange.request.webhook->timeout;
  exchange.fetches_token = false;
  exchange.addresses.clear();
  exchange.dials_anew = false;
  return exchange;
}

void Worker::take_up(AttemptRequest request) {
  Exchange& exchange = new_exchange(std::move(request));
  exchange.result.delivery = exchange.request.delivery;
  auto& attempt = exchange.result.attempt;
  attempt.number = exchange.request.number;
  attempt.webhook_version = exchange.request.webhook->version;
  attempt.fallback = exchange.request.fallback;
  attempt.started_at = wall_now();

  const auto plan = plan_for(exchange.request.webhook);
  if (!plan) return finish(exchange, AttemptOutcome::Internal, "the webhook's URL cannot be used: " + plan.error());
  exchange.token_source = (*plan)->token_source;
  if (exchange.token_source) return await_token(exchange);
  begin(exchange, **plan);
}

// From here on the attempt knows what it sends.
void Worker::begin(Exchange& exchange, Plan& plan) {
  const Route& route = exchange.request.fallback ? *plan.fallback : plan.main;
  exchange.origin = route.origin;
  exchange.pool = route.pool;
  // Nobody waits for the answers of a receiver that gives none.
  if (exchange.origin->unresponsive) leave_window(exchange);
  sign_and_write_head(exchange, plan, route);
  send(exchange);
}

void Worker::send(Exchange& exchange) {
  if (!send_on_idle(exchange)) resolve(exchange);
}

void Worker::leave_window(Exchange& exchange) {
  if (exchange.generation) window_.ended(*exchange.generation);
  exchange.generation.reset();
}

// The host is judged as it was when its webhook was saved: what is allowed may have changed since, and a proxy would
// read it in its own way.
void Worker::resolve(Exchange& exchange) {
  if (!exchange.origin->refusal.empty()) {
    return finish(exchange, AttemptOutcome::AddressRefused, exchange.origin->refusal);
  }
  Origin& origin = hop_of(exchange);
  if (origin.address) {
    exchange.addresses.assign(1, *origin.address);
    return on_addresses(exchange);
  }
  const auto now = monotonic_now();
  const auto owner = lookup_owner(origin, exchange);
  if (origin.name.lookup_is_due(now) || waits_for_others(origin, owner)) look_up(origin, std::string(owner), now);
  exchange.addresses = origin.name.addresses(now);
  if (!exchange.addresses.empty()) return on_addresses(exchange);
  if (!origin.name.looking_up()) return finish_unresolved(exchange);
  exchange.phase = Exchange::Phase::Resolving;
  exchange.connect_deadline = std::min(exchange.deadline, now + options_.connect_timeout);
  schedule(exchange, exchange.connect_deadline, now);
  origin.resolution_waiters.push_back(exchange);
}

std::string_view Worker::lookup_owner(const Origin& origin, const Exchange& exchange) const {
  return &origin == proxy_.get() ? kProxyOwner : std::string_view(exchange.request.webhook->team_id);
}

// Are there lookups of the name under way, but none of this owner's, though he needs one?
bool Worker::waits_for_others(const Origin& origin, std::string_view owner) {
  return origin.name.looking_up() && origin.name.addresses(monotonic_now()).empty() &&
         origin.lookup_owners.size() < kLookupOwnersMax &&
         std::ranges::find(origin.lookup_owners, owner) == origin.lookup_owners.end();
}

void Worker::look_up(Origin& origin, std::string owner, MonotonicTime now) {
  const auto deadline = now + options_.connect_timeout;
  if (!origin.name.looking_up()) origin.name.lookup_started(deadline);
  // One that has outlived the answer to another's is as good as a new one.
  if (std::ranges::find(origin.lookup_owners, owner) != origin.lookup_owners.end()) return;
  origin.lookup_owners.push_back(owner);
  // The origin stays listed as long as its lookup is under way.
  resolver_.resolve(
      origin.host, owner, origin.name.standing(now), deadline, [this, &origin, owner](Resolution resolution) {
        asio::post(io_, [this, &origin, owner, found = std::move(resolution)] { on_resolved(&origin, owner, found); });
      });
}

// The first answer counts, whoever has asked for it.
void Worker::on_resolved(OriginPtr origin, const std::string& owner, Resolution resolution) {
  std::erase(origin->lookup_owners, owner);
  if (!origin->name.looking_up()) return;
  const auto now = monotonic_now();
  if (resolution.expired || resolution.refused) return on_nobody_asked(*origin, owner, resolution, now);
  judge(*origin, resolution);
  origin->name.lookup_ended(std::move(resolution), now, options_.resolution_lifetime);
  auto& waiters = origin->resolution_waiters;
  // Only those who wait now: an attempt that starts over may come back to this list.
  ExchangeWaitList served;
  served.swap(waiters);
  while (!served.empty()) {
    Exchange& exchange = served.front();
    served.pop_front();
    exchange.addresses = origin->name.addresses(now);
    if (exchange.addresses.empty()) {
      finish_unresolved(exchange);
    } else {
      on_addresses(exchange);
    }
  }
}

// Says nothing of the name. Whose lookup it was has given up, or has to; others may wait for one of their own.
void Worker::on_nobody_asked(Origin& origin, const std::string& owner, const Resolution& resolution,
                             MonotonicTime now) {
  if (origin.lookup_owners.empty()) origin.name.lookup_ended(resolution, now, options_.resolution_lifetime);
  ExchangeWaitList asked_anew;
  asked_anew.swap(origin.resolution_waiters);
  while (!asked_anew.empty()) {
    Exchange& exchange = asked_anew.front();
    asked_anew.pop_front();
    const auto own = lookup_owner(origin, exchange);
    if (resolution.refused && own == owner) {
      finish(exchange, AttemptOutcome::NameNotResolved, fmt::format("{}: {}", origin.host, resolution.error));
      continue;
    }
    if (!origin.name.looking_up() || waits_for_others(origin, own)) look_up(origin, std::string(own), now);
    origin.resolution_waiters.push_back(exchange);
  }
}

// Whoever may name hosts must not learn which names are known inside: one that leads to addresses which may not be
// connected to is treated like one that does not exist, in what is said, kept and asked again.
void Worker::judge(const Origin& origin, Resolution& resolution) const {
  if (&origin == proxy_.get() || origin.own) return;  // the operator's choice
  std::string_view kind;
  std::erase_if(resolution.addresses, [&](const asio::ip::address& address) {
    const auto forbidden = options_.policy.forbidden_kind(address);
    if (forbidden) kind = *forbidden;
    return forbidden.has_value();
  });
  if (!resolution.addresses.empty()) return;
  if (!kind.empty()) {
    resolution.name_unknown = true;
    if (options_.name_leads_inside) options_.name_leads_inside(origin.host, kind);
  }
  if (resolution.name_unknown) resolution.error = kNameUnknown;
}

void Worker::finish_unresolved(Exchange& exchange) {
  const Origin& hop = hop_of(exchange);
  if (exchange.origin->via_proxy)
    return finish(exchange, AttemptOutcome::ConnectFailed, fmt::format("proxy {}: {}", hop.host, hop.name.error()));
  finish(exchange, AttemptOutcome::NameNotResolved, fmt::format("{}: {}", hop.host, hop.name.error()));
}

void Worker::on_addresses(Exchange& exchange) {
  if (exchange.addresses.size() > 1) exchange.addresses = interleaved(exchange.addresses);
  if (exchange.addresses.size() > kAddressesMax) exchange.addresses.resize(kAddressesMax);
  place(exchange);
}

void Worker::finish(Exchange& exchange, AttemptOutcome outcome, std::string error) {
  leave_window(exchange);
  if (std::exchange(window_closed_, false)) schedule_take_up();
  wheel_.drop(exchange);
  exchange.wait_hook.unlink();
  AttemptResult result = std::move(exchange.result);
  result.attempt.outcome = outcome;
  result.attempt.error = std::move(error);
  result.attempt.duration = monotonic_now() - exchange.started;
  const auto token_source = exchange.token_source ? finish_with_token(exchange, result.attempt) : nullptr;
  exchange.result = {};
  exchange.request = {};
  exchange.origin.reset();
  exchange.pool.reset();
  exchange.phase = Exchange::Phase::Free;
  free_exchanges_.push_back(&exchange);
  if (token_source) return on_token_answer(*token_source, result.attempt);
  done_(std::move(result));
}

void Worker::schedule(DeadlineWheel::Item& item, MonotonicTime at, MonotonicTime now) {
  wheel_.schedule(item, at, now);
  if (!timer_waiting_) wait_for_tick();
}

void Worker::wait_for_tick() {
  timer_waiting_ = true;
  timer_.expires_after(DeadlineWheel::kTick);
  timer_.async_wait([this](const boost::system::error_code& ec) {
    timer_waiting_ = false;
    if (ec) return;
    wheel_.advance(monotonic_now());
    if (!expiring_) expire_some();
    if (!wheel_.empty() && !timer_waiting_) wait_for_tick();
  });
}

void Worker::expire_some() {
  expiring_ = wheel_.expire(monotonic_now(), kDeadlinesPerTurn);
  if (expiring_) asio::post(io_, [this] { expire_some(); });
}

AttemptResult Worker::stopped_result(const AttemptRequest& request) {
  AttemptResult result;
  result.delivery = request.delivery;
  result.attempt.number = request.number;
  result.attempt.webhook_version = request.webhook->version;
  result.attempt.fallback = request.fallback;
  result.attempt.started_at = wall_now();
  result.attempt.outcome = AttemptOutcome::Internal;
  result.attempt.error = "stopped";
  return result;
}

void Worker::request_stop() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopping_, true)) return;
  }
  asio::post(io_, [this] { stop_everything(); });
}

void Worker::stop_everything() {
  std::vector<AttemptRequest> rest;
  {
    const std::lock_guard lock(mutex_);
    rest.swap(inbox_);
  }
  while (!connections_.empty()) close_and_forget(connections_.front());
  // Attempts first: the end of a request for a token would end those that wait for it in another way.
  for (const bool fetches_token : {false, true}) {
    for (auto& exchange : exchanges_) {
      if (exchange.phase == Exchange::Phase::Free || exchange.fetches_token != fetches_token) continue;
      finish(exchange, AttemptOutcome::Internal, "stopped");
    }
  }
  for (; next_taken_ < taken_.size(); ++next_taken_) done_(stopped_result(taken_[next_taken_]));
  for (const auto& request : rest) done_(stopped_result(request));
  timer_.cancel();
  descriptor_timer_.cancel();
  work_.reset();
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace limehook::http_client
