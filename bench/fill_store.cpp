// Fills a fresh data folder with a past, through the store port as the server does: webhooks for teams, events with one
// delivery and one attempt each, statistics, the log index. Events come from JSON by parse_event(), so the log finds
// them by the same terms. Two in a hundred deliveries have failed; with --waiting there are others in retry.
//
//   fill_store --directory DIR [--attempts N] [--webhooks N] [--teams N] [--callers N] [--waiting N]
//              [--days D] [--age D] [--due-in FROM:TO] [--url URL]
//
// The attempts are spread evenly over --days days; the newest is --age days old. Those in retry were accepted in the
// last half hour before that and are due FROM to TO seconds from now. Webhook i is of "team_(i mod teams)". Callers are
// "+1555" and seven digits, from 0 on; every webhook has a number of its own that they call, "+1666" and seven digits.
// Prints one JSON line.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/prng.hpp"
#include "model/event.hpp"
#include "signing/signing.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace {

using namespace limehook;
using namespace limehook::store;

constexpr std::size_t kBatch = 2000;
constexpr std::size_t kStatsEvery = 50'000;  // events
constexpr double kFailedShare = 0.02;
constexpr Duration kDay = std::chrono::hours(24);
constexpr Duration kWaitingSpan = std::chrono::minutes(30);
constexpr Duration kLatency = std::chrono::milliseconds(12);

WallTime now() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return from_us(std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000);
}

[[noreturn]] void fail(const std::string& problem) {
  std::fprintf(stderr, "fill_store: %s\n", problem.c_str());
  std::exit(1);
}

struct Settings {
  std::string directory;
  std::string url = "http://127.0.0.1:9/hook";
  std::size_t attempts = 0;
  std::size_t waiting = 0;
  std::size_t webhooks = 200;
  std::size_t teams = 200;
  std::size_t callers = 0;  // 0: a twentieth of the events
  double days = 1;
  double age = 0;
  double due_from = 0;  // seconds from now
  double due_to = 4 * 3600;
};

// Events of one kind, spread evenly over a time.
struct Phase {
  std::size_t count;
  WallTime from;
  WallTime to;
  bool waiting;
  WallTime at(std::size_t i) const {
    return from + Duration(static_cast<std::int64_t>(static_cast<double>((to - from).count()) *
                                                     (static_cast<double>(i) / static_cast<double>(count))));
  }
};

std::string padded(const char* prefix, std::size_t number) {
  const std::string digits = std::to_string(number);
  return prefix + std::string(digits.size() < 7 ? 7 - digits.size() : 0, '0') + digits;
}

class Filler {
 public:
  Filler(SqliteStore& store, const Settings& settings) : store_(store), settings_(settings), begin_(now()) {}

  void add_webhooks(WallTime at) {
    for (std::size_t i = 0; i < settings_.webhooks; ++i) {
      batch_.webhooks.push_back(webhook(i, at));
      webhooks_.push_back(batch_.webhooks.back().id);
      if (batch_.webhooks.size() == kBatch) commit(at);
    }
    commit(at);
  }

  void add_events(const Phase& phase) {
    for (std::size_t i = 0; i < phase.count; ++i) {
      add_event(phase.at(i), phase.waiting);
      if ((i + 1) % kStatsEvery == 0) take_stats();
      if (batch_.events.size() == kBatch) commit(phase.at(i));
    }
    take_stats();
    commit(phase.to);
  }

 private:
  Webhook webhook(std::size_t i, WallTime at) {
    Webhook added;
    added.id = WebhookId{ids_.next(at)};
    added.team_id = "team_" + std::to_string(i % settings_.teams);
    added.name = "bench " + std::to_string(i);
    added.url = settings_.url;
    added.secret = signing::generate_secret();
    added.token = signing::generate_token("lht_");
    added.created_at = added.updated_at = at;
    return added;
  }

  std::string json(std::size_t webhook, const std::string& at) {
    char call[32];
    std::snprintf(call, sizeof call, "call-%016llx", static_cast<unsigned long long>(random_.next()));
    const std::size_t callers = settings_.callers;
    return R"({"event":"call_completed","call_id":")" + std::string(call) + R"(","caller_number":")" +
           padded("+1555", random_.below(callers)) + R"(","callee_number":")" + padded("+1666", webhook) +
           R"(","timestamp":")" + at + R"(","team_id":"team_)" + std::to_string(webhook % settings_.teams) +
           R"(","status":"completed","direction":"inbound","started_at":")" + at + R"(","answered_at":")" + at +
           R"(","ended_at":")" + at + R"(","duration":110,"ring_duration":10})";
  }

  void add_event(WallTime at, bool waiting) {
    const std::size_t webhook = random_.below(settings_.webhooks);
    auto draft = parse_event(json(webhook, format_rfc3339(at)));
    if (!draft) fail("an event is refused: " + draft.error().front().pointer + " " + draft.error().front().detail);
    NewEvent added;
    added.event = {EventId{ids_.next(at)}, draft->type, std::move(draft->team_id), at, std::move(draft->payload)};
    added.terms = std::move(draft->terms);
    added.deliveries.push_back(delivery(added.event.id, webhooks_[webhook], at, waiting));
    batch_.attempts.push_back({added.deliveries.back().id, attempt(added.deliveries.back(), at)});
    count(added.deliveries.back(), at);
    batch_.events.push_back(std::move(added));
  }

  Delivery delivery(EventId event, WebhookId webhook, WallTime at, bool waiting) {
    Delivery made;
    made.id = DeliveryId{ids_.next(at)};
    made.event = event;
    made.webhook = webhook;
    made.status = waiting                        ? DeliveryStatus::Retrying
                  : random_.chance(kFailedShare) ? DeliveryStatus::Failed
                                                 : DeliveryStatus::Delivered;
    made.attempts = 1;
    made.http_status = made.status == DeliveryStatus::Delivered ? 200 : 503;
    made.updated_at = at + kLatency;
    if (waiting) {
      const auto from = static_cast<std::int64_t>(settings_.due_from * 1e6);
      made.next_attempt_at =
          begin_ + Duration(random_.between(from, static_cast<std::int64_t>(settings_.due_to * 1e6)));
    }
    return made;
  }

  Attempt attempt(const Delivery& delivery, WallTime at) {
    Attempt made;
    made.number = 1;
    made.started_at = at;
    made.duration = kLatency;
    made.http_status = delivery.http_status;
    made.webhook_version = 1;
    made.response_head = head_;
    made.response_body = "ok";
    made.signatures = signatures_;
    return made;
  }

  void count(const Delivery& delivery, WallTime at) {
    for (const auto& [id, width] : {std::pair<WebhookId, Duration>(delivery.webhook, std::chrono::hours(1)),
                                    {WebhookId{}, std::chrono::minutes(1)}}) {
      StatsCounts* counts = &stats_[{id, width, bucket_start(at, width)}];
      ++counts->attempts;
      counts->attempts_failed += delivery.status != DeliveryStatus::Delivered;
      counts->delivered += delivery.status == DeliveryStatus::Delivered;
      counts->failed += delivery.status == DeliveryStatus::Failed;
      if (delivery.status == DeliveryStatus::Delivered) counts->latency.add(kLatency);
    }
  }

  void take_stats() {
    for (const auto& [key, counts] : stats_) {
      const auto& [webhook, width, start] = key;
      batch_.catalog.emplace_back(StatsBucket{webhook, width, start, counts});
    }
    stats_.clear();
  }

  void commit(WallTime at) {
    const CommitResult result = store_.commit(std::exchange(batch_, {}));
    if (result.status != CommitStatus::Committed) fail(result.error);
    while (store_.maintain(at)) {
    }
  }

  SqliteStore& store_;
  const Settings& settings_;
  WallTime begin_;
  Prng random_{1};
  IdGenerator ids_;
  WriteBatch batch_;
  std::vector<WebhookId> webhooks_;
  std::map<std::tuple<WebhookId, Duration, WallTime>, StatsCounts> stats_;
  std::string head_ = "Date: Thu, 30 Jan 2025 15:00:00 GMT\r\nServer: bench\r\n" + std::string(150, 'h');
  std::string signatures_ = std::string(64, 's');
};

Duration days(double count) { return Duration(static_cast<std::int64_t>(count * static_cast<double>(kDay.count()))); }

void read_range(const std::string& text, Settings& settings) {
  const auto colon = text.find(':');
  if (colon == std::string::npos) fail("--due-in wants FROM:TO");
  settings.due_from = std::atof(text.substr(0, colon).c_str());
  settings.due_to = std::atof(text.substr(colon + 1).c_str());
}

Settings read_flags(int argc, char** argv) {
  Settings settings;
  const std::map<std::string, std::size_t*> sizes{{"--attempts", &settings.attempts},
                                                  {"--waiting", &settings.waiting},
                                                  {"--webhooks", &settings.webhooks},
                                                  {"--teams", &settings.teams},
                                                  {"--callers", &settings.callers}};
  const std::map<std::string, std::string*> texts{{"--directory", &settings.directory}, {"--url", &settings.url}};
  const std::map<std::string, double*> numbers{{"--days", &settings.days}, {"--age", &settings.age}};
  for (int i = 1; i < argc; i += 2) {
    const std::string flag = argv[i];
    if (i + 1 == argc) fail("unknown flag, or one without a value: " + flag);
    if (sizes.contains(flag)) *sizes.at(flag) = static_cast<std::size_t>(std::atoll(argv[i + 1]));
    else if (texts.contains(flag)) *texts.at(flag) = argv[i + 1];
    else if (numbers.contains(flag)) *numbers.at(flag) = std::atof(argv[i + 1]);
    else if (flag == "--due-in") read_range(argv[i + 1], settings);
    else fail("unknown flag, or one without a value: " + flag);
  }
  if (settings.directory.empty()) fail("--directory is required");
  if (settings.webhooks == 0 || settings.teams == 0 || settings.days <= 0 || settings.due_to < settings.due_from) {
    fail("--webhooks, --teams and --days want more than 0, --due-in FROM:TO with FROM below TO");
  }
  const std::size_t events = settings.attempts + settings.waiting;
  if (settings.callers == 0) settings.callers = std::min<std::size_t>(std::max<std::size_t>(1, events / 20), 9'999'999);
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = read_flags(argc, argv);
  if (std::filesystem::exists(settings.directory + "/limehook.db")) fail(settings.directory + " has a store already");
  auto store = SqliteStore::open({.directory = settings.directory});
  if (!store) fail(store.error());

  const WallTime begin = now();
  const WallTime last = begin - days(settings.age);
  const WallTime first = last - days(settings.days);
  const WallTime done = settings.waiting > 0 ? last - std::min(kWaitingSpan, days(settings.days) / 2) : last;
  Filler filler(**store, settings);
  filler.add_webhooks(first);
  filler.add_events({settings.attempts, first, done, false});
  filler.add_events({settings.waiting, done, last, true});
  std::printf(R"({"attempts":%zu,"waiting":%zu,"webhooks":%zu,"callers":%zu,"first_at":"%s","last_at":"%s",)"
              R"("bytes":%llu,"seconds":%.1f})"
              "\n",
              settings.attempts, settings.waiting, settings.webhooks, settings.callers, format_rfc3339(first).c_str(),
              format_rfc3339(last).c_str(), static_cast<unsigned long long>((*store)->size().bytes_file),
              static_cast<double>((now() - begin).count()) / 1e6);
}
