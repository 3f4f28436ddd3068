#pragma once
// The shell around the delivery core: gives it the time, carries out its commands against the store and the sender, and
// lets coroutines of the API wait for its answers. It decides nothing itself.
//
// Everything here belongs to the thread of `io`, but for what the comments say. Life: construct (which reads the
// store), run the io_context, drain(), destroy.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "delivery/scheduler.hpp"
#include "http_client/attempt_sender.hpp"
#include "runtime/directory.hpp"
#include "runtime/event_watch.hpp"
#include "runtime/read_places.hpp"
#include "runtime/stats_recorder.hpp"
#include "runtime/store_writer.hpp"
#include "runtime/update_feed.hpp"
#include "runtime/update_notes.hpp"
#include "runtime/webhook_index.hpp"
#include "store/store.hpp"
#include "telemetry/metrics.hpp"

namespace limehook::runtime {

namespace asio = boost::asio;
using delivery::Refusal;

template <class T>
using Answer = asio::awaitable<std::expected<T, Refusal>>;

struct EngineOptions {
  delivery::SchedulerOptions scheduler;
  Retention retention;
  int reader_threads = 2;
  std::function<void(delivery::MailDue&&)> send_mail;  // on the thread of `io`; must not block. Empty: no e-mail
};

using MakeSender = std::function<std::unique_ptr<http_client::AttemptSender>(http_client::AttemptDone)>;

class Engine {
 public:
  // Reads the catalog and all open deliveries; throws store::StoreError.
  Engine(asio::io_context& io, store::Store& store, EngineOptions options, telemetry::Metrics& metrics,
         const MakeSender& make_sender);
  ~Engine();

  // ---- requests; each answers once its effect is durable ----
  Answer<std::vector<delivery::EventReceipt>> submit_events(std::vector<EventDraft> events, bool of_teams_only = false);
  Answer<delivery::TestFinished> test_webhook(WebhookId webhook, EventDraft event);
  // A webhook without id is new; otherwise its version says from which one the change was made.
  Answer<WebhookPtr> save_webhook(Webhook webhook, std::optional<AuditEntry> audit);
  // `version`: the one that it must still have; nothing: any. Conflict otherwise.
  Answer<void> delete_webhook(WebhookId webhook, std::optional<int> version, std::optional<AuditEntry> audit);
  // Stores the changes together and then applies them to the directory. `subject` is what they are about, such as
  // "user bob@example.com"; Conflict: another change of it is being stored.
  Answer<void> change(std::string subject, std::vector<store::CatalogChange> changes);
  // Stores an audit entry of something that has happened; nobody waits for it.
  void record(AuditEntry entry);
  Answer<void> retry_delivery(const Delivery& delivery, EventType type);
  // Answered when the attempt that is under way, if any, has ended.
  Answer<void> skip_delivery(DeliveryId delivery, Actor by);
  Answer<Recovery> start_recovery(Recovery recovery);
  Answer<Recovery> cancel_recovery(RecoveryId recovery);

  // ---- what is in memory ----
  WebhookPtr find_webhook(WebhookId id) const { return scheduler_.find_webhook(id); }
  // To which webhook an attempt of this delivery is under way; null when none is.
  WebhookPtr webhook_of_attempt(DeliveryId delivery) const { return scheduler_.webhook_of_attempt(delivery); }
  const WebhookIndex& webhook_index() const { return webhook_index_; }
  // Nothing when there is no such webhook.
  std::optional<delivery::WebhookView> view(WebhookId id) const { return scheduler_.view(id); }
  // The webhook's team ("" when it is for every team), also of a deleted one; nothing when it never existed.
  std::optional<std::string> team_of(WebhookId id) const;
  bool store_healthy() const { return scheduler_.store_healthy(); }
  Directory& directory() { return directory_; }
  const Directory& directory() const { return directory_; }
  const StatsRecorder& unsaved_stats() const { return stats_; }
  // Seals what cursors say; the same after a restart.
  const std::string& cursor_key() const { return catalog_.cursor_key; }
  bool draining() const { return draining_; }
  std::int64_t new_id();
  void refresh_gauges();

  // A place to wait for the webhook's events; null when too many wait.
  std::unique_ptr<EventWatch> watch_events(WebhookId webhook) { return watches_->open(io_, webhook); }

  // A place to hear of changes; null when too many listen, or the server stops.
  std::unique_ptr<UpdateListener> listen_to_updates(UpdateScope scope) { return updates_->open(std::move(scope)); }

  // Runs `query` on a thread of its own kind and answers its result; what it throws is thrown here.
  template <class Query>
  asio::awaitable<std::invoke_result_t<Query, const store::Store&>> read(Query query);

  // Refuses new work, lets attempts finish for as long as `limit`, stores what came of them, stops every thread.
  asio::awaitable<void> drain(Duration limit);
  // Ends drain()'s wait for attempts.
  void hasten_drain() { drained_.cancel(); }

 private:
  struct Waiter;
  struct DoneQueue;

  template <class Run>
  static asio::awaitable<std::invoke_result_t<Run>> run_on_pool(Run run);
  static void be_prompt();
  void load();
  asio::awaitable<delivery::Output> request(delivery::Ticket ticket, delivery::Input input);
  delivery::Ticket new_ticket() { return ++last_ticket_; }
  void handle(delivery::Input input);
  void schedule_pump();
  void pump();
  void arm_timer();
  void on_batch_done(store::WriteBatch batch, store::CommitResult result);  // the writer's thread
  void on_attempt_done(http_client::AttemptResult result);                  // a sender's thread
  void take_attempt_results();
  void gather_notes(const store::WriteBatch& batch);
  void store_upkeep();
  void load_bodies(std::vector<DeliveryId> ids);

  void execute(delivery::PersistBatch&& output);
  void execute(delivery::StartAttempt&& output);
  void execute(delivery::BodiesWanted&& output);
  void execute(delivery::OpenWanted&& output);
  void execute(delivery::RecoveryStepWanted&& output);
  void execute(delivery::AttemptObserved&& output);
  void execute(delivery::HeldTooLong&& output);
  void execute(delivery::Notice&& output);
  void execute(delivery::MailDue&& output);
  void execute(delivery::WatchEnded&& output) { watches_->wake(output.webhook); }
  void execute(delivery::Drained&& output);
  template <class Reply>
    requires requires(Reply reply) { reply.ticket; }
  void execute(Reply&& reply);
  void resolve(delivery::Ticket ticket, delivery::Output output);

  asio::io_context& io_;
  store::Store& store_;
  telemetry::Metrics& metrics_;
  std::function<void(delivery::MailDue&&)> send_mail_;
  store::Catalog catalog_;
  delivery::Scheduler scheduler_;
  std::shared_ptr<EventWatches> watches_ = std::make_shared<EventWatches>(scheduler_);
  std::shared_ptr<UpdateFeed> updates_;
  UpdateNotes notes_;  // of the batch that is being committed
  StatsRecorder stats_;
  Directory directory_;
  WebhookIndex webhook_index_;
  std::unordered_set<std::string> changing_;  // subjects of changes that are being stored
  std::unordered_map<WebhookId, std::string> deleted_teams_;
  IdGenerator key_ids_;
  asio::thread_pool readers_;  // for people's queries
  std::shared_ptr<ReadPlaces> read_places_;
  asio::thread_pool loaders_{1};  // for what deliveries wait for: no query may hold that up
  asio::steady_timer timer_;
  asio::steady_timer upkeep_timer_;
  asio::steady_timer drained_;
  std::unordered_map<delivery::Ticket, Waiter*> waiters_;
  delivery::Ticket last_ticket_ = 0;
  bool pump_scheduled_ = false;
  bool draining_ = false;
  bool closed_ = false;

  std::mutex done_mutex_;
  std::vector<http_client::AttemptResult> done_;   // guarded by done_mutex_
  bool done_scheduled_ = false;                    // guarded by done_mutex_
  std::vector<http_client::AttemptResult> taken_;  // from done_; kept for its capacity

  std::unique_ptr<StoreWriter> writer_;
  std::unique_ptr<http_client::AttemptSender> sender_;
};

template <class Run>
asio::awaitable<std::invoke_result_t<Run>> Engine::run_on_pool(Run run) {
  be_prompt();
  co_return run();
}

template <class Query>
asio::awaitable<std::invoke_result_t<Query, const store::Store&>> Engine::read(Query query) {
  const auto place = co_await read_places_->enter();
  auto run = [this, query = std::move(query)] { return query(static_cast<const store::Store&>(store_)); };
  co_return co_await asio::co_spawn(readers_, run_on_pool(std::move(run)), asio::use_awaitable);
}

}  // namespace limehook::runtime
