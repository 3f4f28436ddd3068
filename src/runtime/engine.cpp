#include "runtime/engine.hpp"

#include <sched.h>
#include <spdlog/spdlog.h>
#include <boost/asio.hpp>

#include <algorithm>

#include "base/assert.hpp"
#include "runtime/clocks.hpp"

namespace limehook::runtime {
namespace {

constexpr auto kUpkeepInterval = std::chrono::seconds(5);
constexpr std::size_t kRecoveryStep = 500;
constexpr std::size_t kBodiesPerRead = 64;
constexpr std::size_t kOpenPerRead = 20'000;  // at start

}  // namespace

// A coroutine that waits for the scheduler's answer. Its timer never fires; it is canceled when the answer is there.
struct Engine::Waiter {
  explicit Waiter(asio::io_context& io) : signal(io, asio::steady_timer::time_point::max()) {}
  asio::steady_timer signal;
  std::optional<delivery::Output> answer;
};

Engine::Engine(asio::io_context& io, store::Store& store, EngineOptions options, telemetry::Metrics& metrics,
               const MakeSender& make_sender)
    : io_(io),
      store_(store),
      metrics_(metrics),
      send_mail_(std::move(options.send_mail)),
      catalog_(store.load_catalog()),
      scheduler_(options.scheduler, catalog_.last_id),
      updates_(std::make_shared<UpdateFeed>(io)),
      key_ids_(catalog_.last_id),
      readers_(static_cast<std::size_t>(options.reader_threads)),
      read_places_(std::make_shared<ReadPlaces>(io, 2 * static_cast<std::size_t>(options.reader_threads))),
      timer_(io),
      upkeep_timer_(io),
      drained_(io, asio::steady_timer::time_point::max()) {
  load();
  writer_ = std::make_unique<StoreWriter>(store, options.retention, metrics,
                                          [this](store::WriteBatch batch, store::CommitResult result) {
                                            on_batch_done(std::move(batch), std::move(result));
                                          });
  sender_ = make_sender([this](http_client::AttemptResult result) { on_attempt_done(std::move(result)); });
  store_upkeep();
  schedule_pump();
}

std::int64_t Engine::new_id() { return key_ids_.next(now().wall); }

Engine::~Engine() {
  watches_->close();
  updates_->close();
  sender_.reset();
  writer_.reset();
  readers_.join();
  loaders_.join();
}

void Engine::load() {
  for (Webhook& webhook : catalog_.webhooks) {
    webhook_index_.add(webhook.id, webhook.team_id);
    scheduler_.load_webhook(std::move(webhook));
  }
  const Now at = now();
  for (const store::WebhookHealth& health : catalog_.healths) scheduler_.load_health(at, health);
  for (auto& [id, team] : catalog_.deleted_webhooks) deleted_teams_[id] = std::move(team);
  directory_.load(catalog_);
  for (const Recovery& recovery : catalog_.running_recoveries) scheduler_.load_recovery(recovery);
  for (DeliveryId after;;) {
    const auto page = store_.list_open(after, kOpenPerRead);
    for (const store::OpenDelivery& delivery : page) scheduler_.load_delivery(at, delivery);
    if (page.size() < kOpenPerRead) break;
    after = page.back().id;
  }
}

// ---- requests ----------------------------------------------------------------------------------------------

// For the readers: the process may run under SCHED_BATCH (app/serve.cpp), whose threads wait for others to finish their
// turn when they wake up. A person waits for what a reader does, and it is little.
void Engine::be_prompt() {
  constexpr sched_param kNone{};
  [[maybe_unused]] thread_local const int set = sched_setscheduler(0, SCHED_OTHER, &kNone);
}

asio::awaitable<delivery::Output> Engine::request(delivery::Ticket ticket, delivery::Input input) {
  Waiter waiter(io_);
  waiters_[ticket] = &waiter;
  handle(std::move(input));
  while (!waiter.answer) co_await waiter.signal.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return std::move(*waiter.answer);
}

void Engine::resolve(delivery::Ticket ticket, delivery::Output output) {
  const auto found = waiters_.find(ticket);
  if (found == waiters_.end()) return;
  found->second->answer = std::move(output);
  found->second->signal.cancel();
  waiters_.erase(found);
}

template <class Reply>
  requires requires(Reply reply) { reply.ticket; }
void Engine::execute(Reply&& reply) {
  const delivery::Ticket ticket = reply.ticket;
  resolve(ticket, delivery::Output(std::forward<Reply>(reply)));
}

// ---- driving the core --------------------------------------------------------------------------------------

void Engine::handle(delivery::Input input) {
  scheduler_.handle(now(), std::move(input));
  schedule_pump();
}

// Outputs are drained once per turn of the loop, so that inputs that came together share a batch.
void Engine::schedule_pump() {
  if (pump_scheduled_ || closed_) return;
  pump_scheduled_ = true;
  asio::post(io_, [this] {
    pump_scheduled_ = false;
    pump();
  });
}

void Engine::pump() {
  if (closed_) return;
  while (auto output = scheduler_.poll_output()) {
    std::visit([this](auto&& value) { execute(std::move(value)); }, std::move(*output));
  }
  arm_timer();
}

void Engine::arm_timer() {
  const auto deadline = scheduler_.next_deadline();
  if (!deadline) return;
  const std::chrono::steady_clock::time_point at(deadline->time_since_epoch());
  if (at == timer_.expiry()) return;
  timer_.expires_at(at);
  timer_.async_wait([this](const boost::system::error_code& ec) {
    if (ec || closed_) return;
    timer_.expires_at(asio::steady_timer::time_point::max());
    scheduler_.tick(now());
    pump();
  });
}

void Engine::execute(delivery::PersistBatch&& output) {
  if (updates_->size() > 0) gather_notes(output.batch);
  writer_->commit(std::move(output.batch));
}

void Engine::on_batch_done(store::WriteBatch batch, store::CommitResult result) {
  asio::post(io_, [this, finished = delivery::BatchFinished{std::move(batch), std::move(result)}]() mutable {
    const auto notes = std::exchange(notes_, {});
    if (finished.result.status == store::CommitStatus::Committed) {
      for (const auto& [kind, team] : notes) updates_->note(kind, team);
    }
    handle(std::move(finished));
  });
}

void Engine::gather_notes(const store::WriteBatch& batch) {
  notes_ = notes_of(batch, directory_, [this](WebhookId id) -> std::string_view {
    if (const auto webhook = find_webhook(id)) return webhook->team_id;  // the scheduler keeps it
    const auto deleted = deleted_teams_.find(id);
    return deleted == deleted_teams_.end() ? std::string_view() : deleted->second;
  });
}

void Engine::execute(delivery::StartAttempt&& output) {
  sender_->start({.delivery = output.delivery,
                  .number = output.number,
                  .type = output.type,
                  .test = output.test,
                  .fallback = output.fallback,
                  .body_type = output.body_type,
                  .webhook = std::move(output.webhook),
                  .body = std::move(output.body)});
}

void Engine::on_attempt_done(http_client::AttemptResult result) {
  const std::lock_guard lock(done_mutex_);
  done_.push_back(std::move(result));
  if (std::exchange(done_scheduled_, true)) return;
  asio::post(io_, [this] { take_attempt_results(); });
}

void Engine::take_attempt_results() {
  taken_.clear();
  {
    const std::lock_guard lock(done_mutex_);
    taken_.swap(done_);
    done_scheduled_ = false;
  }
  if (closed_) return;
  const Now at = now();
  for (auto& result : taken_) {
    scheduler_.handle(at, delivery::AttemptFinished{result.delivery, std::move(result.attempt), result.retry_after});
  }
  schedule_pump();
}

void Engine::execute(delivery::BodiesWanted&& output) {
  // In portions, so that the first can be sent while others are read, and that large ones do not pile up.
  for (std::size_t first = 0; first < output.deliveries.size(); first += kBodiesPerRead) {
    const auto last = std::min(first + kBodiesPerRead, output.deliveries.size());
    load_bodies({output.deliveries.begin() + static_cast<std::ptrdiff_t>(first),
                 output.deliveries.begin() + static_cast<std::ptrdiff_t>(last)});
  }
}

void Engine::load_bodies(std::vector<DeliveryId> ids) {
  asio::post(loaders_, [this, wanted = std::move(ids)]() mutable {
    delivery::BodiesLoaded loaded{std::move(wanted), {}, false};
    try {
      loaded.bodies = store_.load_bodies(loaded.wanted);
    } catch (const store::StoreError& error) {
      spdlog::error("Reading payloads from the store failed: {}", error.what());
      loaded.failed = true;
    }
    asio::post(io_, [this, input = std::move(loaded)]() mutable { handle(std::move(input)); });
  });
}

void Engine::execute(delivery::OpenWanted&& output) {
  asio::post(loaders_, [this, wanted = output] {
    delivery::OpenLoaded loaded;
    try {
      loaded.deliveries = store_.list_open(wanted.after, wanted.limit);
    } catch (const store::StoreError& error) {
      spdlog::error("Reading open deliveries from the store failed: {}", error.what());
    }
    asio::post(io_, [this, input = std::move(loaded)]() mutable { handle(std::move(input)); });
  });
}

void Engine::execute(delivery::RecoveryStepWanted&& output) {
  asio::post(loaders_, [this, recovery = std::move(output.recovery)] {
    delivery::RecoveryStepLoaded loaded{recovery.id, std::nullopt};
    try {
      loaded.step = store_.next_recovery_step(recovery, kRecoveryStep);
    } catch (const store::StoreError& error) {
      spdlog::error("Reading for a recovery failed: {}", error.what());
    }
    asio::post(io_, [this, input = std::move(loaded)]() mutable { handle(std::move(input)); });
  });
}

void Engine::execute(delivery::AttemptObserved&& output) {
  const Attempt& attempt = output.attempt;
  if (output.test) return;
  metrics_.attempts[static_cast<std::size_t>(attempt.outcome)]->Increment();
  metrics_.attempt_duration.Observe(telemetry::seconds(attempt.duration));
  switch (output.status) {
    case DeliveryStatus::Delivered:
      metrics_.deliveries_delivered.Increment();
      break;
    case DeliveryStatus::Failed:
      metrics_.deliveries_failed.Increment();
      break;
    case DeliveryStatus::Canceled:
      metrics_.deliveries_canceled.Increment();
      break;
    case DeliveryStatus::Retrying:
      metrics_.deliveries_retrying.Increment();
      break;
    case DeliveryStatus::Pending:
      break;
  }
  stats_.add(output);
  if (!attempt.acknowledged()) {
    spdlog::debug("Attempt {} of {} to {} failed: {} {} {}", attempt.number, output.delivery.str(),
                  output.webhook->id.str(), name_of(attempt.outcome), attempt.http_status, attempt.error);
  }
}

void Engine::execute(delivery::HeldTooLong&& output) {
  if (output.status != DeliveryStatus::Failed) return;
  metrics_.deliveries_failed.Increment();
  stats_.add_failed(output.webhook->id, now().wall);
}

void Engine::execute(delivery::Notice&& output) {
  // There may be as many of these as there are deliveries.
  const auto level = output.type == EventType::DeliveryExhausted  ? spdlog::level::debug
                     : output.type == EventType::WebhookRecovered ? spdlog::level::info
                                                                  : spdlog::level::warn;
  spdlog::log(level, "{} {}: {}", name_of(output.type), output.webhook->id.str(), output.reason);
  if (output.type != EventType::WebhookDisabled) return;
  record({.id = AuditId{new_id()},
          .actor_kind = ActorKind::Limehook,
          .team_id = output.webhook->team_id,
          .action = "webhook.disabled",
          .target = output.webhook->id.str(),
          .target_name = output.webhook->name,
          .before = R"({"enabled":true})",
          .after = R"({"enabled":false})"});
}

void Engine::execute(delivery::MailDue&& output) {
  if (send_mail_) send_mail_(std::move(output));
}

void Engine::execute(delivery::Drained&&) { drained_.cancel(); }

// Statistics and uses: what may be lost in a crash, but for the last few seconds of it.
void Engine::store_upkeep() {
  auto changes = directory_.take_upkeep(now().wall);
  std::ranges::move(stats_.take(), std::back_inserter(changes));
  if (!changes.empty()) handle(delivery::CatalogSubmitted{0, std::move(changes)});
  upkeep_timer_.expires_after(kUpkeepInterval);
  upkeep_timer_.async_wait([this](const boost::system::error_code& ec) {
    if (!ec && !closed_) store_upkeep();
  });
}

void Engine::record(AuditEntry entry) { handle(delivery::CatalogSubmitted{0, {std::move(entry)}}); }

void Engine::refresh_gauges() {
  const auto gauges = scheduler_.gauges();
  metrics_.backlog.Set(static_cast<double>(gauges.open));
  metrics_.in_flight.Set(gauges.in_flight);
  metrics_.polls_waiting.Set(static_cast<double>(watches_->size()));
  metrics_.update_streams.Set(static_cast<double>(updates_->size()));
}

asio::awaitable<void> Engine::drain(Duration limit) {
  draining_ = true;
  watches_->close();
  updates_->close();
  store_upkeep();
  drained_.expires_after(limit);
  handle(delivery::DrainRequested{});
  co_await drained_.async_wait(asio::as_tuple(asio::use_awaitable));
  closed_ = true;  // attempts cut off from here on are repeated after the next start
  upkeep_timer_.cancel();
  timer_.cancel();
  sender_.reset();
  writer_->stop();
}

}  // namespace limehook::runtime
