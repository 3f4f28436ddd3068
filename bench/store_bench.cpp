// What the embedded store costs under steady load: batches of new events with one delivery each, and in the same batch
// the attempt and the final state of the deliveries of the batch before. Prints CPU time for each event, of the
// writer's thread (commits and maintenance apart) and of the checkpointer's thread, and the rate this disk allows.
//
//   store_bench [--events N] [--batch N] [--page BYTES] [--directory DIR]

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/prng.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace {

using namespace limehook;
using namespace limehook::store;

std::int64_t clock_us(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000;
}
std::int64_t cpu_us() { return clock_us(CLOCK_THREAD_CPUTIME_ID); }
std::int64_t wall_us() { return clock_us(CLOCK_MONOTONIC); }
WallTime now() { return from_us(clock_us(CLOCK_REALTIME)); }

struct Settings {
  std::size_t events = 1'000'000;
  std::size_t batch = 500;
  int page = SqliteOptions{}.page_bytes;
  std::string directory;
};

class Load {
 public:
  // Events of this batch, attempts and states for the deliveries of the one before.
  WriteBatch next(std::size_t count) {
    WriteBatch batch;
    const WallTime at = now();
    for (const DeliveryId id : in_flight_) {
      batch.attempts.push_back({id, attempt(at)});
      batch.updates.push_back({.id = id,
                               .status = DeliveryStatus::Delivered,
                               .attempts = 1,
                               .http_status = 200,
                               .last_outcome = AttemptOutcome::Response,
                               .updated_at = at});
    }
    in_flight_.clear();
    for (std::size_t i = 0; i < count; ++i) batch.events.push_back(event(at));
    return batch;
  }

 private:
  Attempt attempt(WallTime at) {
    Attempt a;
    a.number = 1;
    a.started_at = at;
    a.duration = std::chrono::milliseconds(12);
    a.outcome = AttemptOutcome::Response;
    a.http_status = 200;
    a.webhook_version = 1;
    a.response_head = head_;
    a.response_body = "ok";
    a.signatures = signatures_;
    return a;
  }

  NewEvent event(WallTime at) {
    NewEvent added;
    const std::string caller = "+1" + std::to_string(2'000'000'000 + random_.below(1'000'000));
    const std::string callee = "+1" + std::to_string(3'000'000'000 + random_.below(1'000));
    const std::string call = "call-" + std::to_string(random_.next());
    added.event.id = EventId{ids_.next(at)};
    added.event.type = EventType::MissedCall;
    added.event.team_id = "team_" + std::to_string(random_.below(20));
    added.event.received_at = at;
    added.event.payload = R"({"event":"missed_call","call_id":")" + call + R"(","caller_number":")" + caller +
                          R"(","callee_number":")" + callee + R"(","status":"missed","note":")" + filler_ + "\"}";
    added.terms = {caller, callee, call};
    Delivery delivery;
    delivery.id = DeliveryId{ids_.next(at)};
    delivery.event = added.event.id;
    delivery.webhook = WebhookId{static_cast<std::int64_t>(1 + random_.below(50))};
    delivery.updated_at = at;
    in_flight_.push_back(delivery.id);
    added.deliveries.push_back(std::move(delivery));
    return added;
  }

  Prng random_{1};
  IdGenerator ids_;
  std::vector<DeliveryId> in_flight_;
  std::string filler_ = std::string(200, 'x');
  std::string head_ = std::string(200, 'h');
  std::string signatures_ = std::string(64, 's');
};

struct Costs {
  std::int64_t commit_cpu = 0;
  std::int64_t maintain_cpu = 0;
  std::int64_t wall = 0;
  std::vector<std::int64_t> commits;  // wall time of each, as are the slices
  std::vector<std::int64_t> slices;
  std::uintmax_t log_bytes_max = 0;
};

Costs run(SqliteStore& store, Load& load, const Settings& settings) {
  Costs costs;
  for (std::size_t done = 0; done < settings.events; done += settings.batch) {
    const WriteBatch batch = load.next(settings.batch);
    const std::int64_t cpu0 = cpu_us(), wall0 = wall_us();
    const CommitResult result = store.commit(batch);
    const std::int64_t cpu1 = cpu_us(), wall1 = wall_us();
    if (result.status != CommitStatus::Committed) {
      std::fprintf(stderr, "store_bench: %s\n", result.error.c_str());
      std::exit(1);
    }
    store.maintain(now());
    const std::int64_t cpu2 = cpu_us(), wall2 = wall_us();
    costs.commit_cpu += cpu1 - cpu0;
    costs.maintain_cpu += cpu2 - cpu1;
    costs.wall += wall2 - wall0;
    costs.commits.push_back(wall1 - wall0);
    costs.slices.push_back(wall2 - wall1);
    std::error_code error;
    const auto log_bytes = std::filesystem::file_size(settings.directory + "/limehook.db-wal", error);
    if (!error) costs.log_bytes_max = std::max(costs.log_bytes_max, log_bytes);
  }
  return costs;
}

void print_times(const char* name, std::vector<std::int64_t> times) {
  std::ranges::sort(times);
  std::printf("%-22s p50 %.1f ms, p99 %.1f ms, longest %.1f ms\n", name, times[times.size() / 2] / 1e3,
              times[times.size() * 99 / 100] / 1e3, times.back() / 1e3);
}

void print(const Costs& costs, const SqliteStore& store, double events) {
  std::printf("commit CPU             %.2f us/event\n", static_cast<double>(costs.commit_cpu) / events);
  std::printf("maintenance CPU        %.2f us/event\n", static_cast<double>(costs.maintain_cpu) / events);
  std::printf("checkpointer CPU       %.2f us/event\n", static_cast<double>(store.checkpointer_cpu_us()) / events);
  std::printf("rate                   %.0f events/s\n", events * 1e6 / static_cast<double>(costs.wall));
  print_times("commit", costs.commits);
  print_times("maintenance slice", costs.slices);
  std::printf("write-ahead log        at most %.1f MiB\n", static_cast<double>(costs.log_bytes_max) / (1 << 20));
  std::printf("file                   %.0f bytes/event\n", static_cast<double>(store.size().bytes_used) / events);
}

template <class Read>
void time_read(const char* name, Read read) {
  std::int64_t best = INT64_MAX;
  for (int i = 0; i < 5; ++i) {
    const std::int64_t start = wall_us();
    read();
    best = std::min(best, wall_us() - start);
  }
  std::printf("%-22s %.2f ms\n", name, static_cast<double>(best) / 1e3);
}

void time_reads(const SqliteStore& store) {
  DeliveryQuery newest;
  time_read("newest page", [&] { store.list_deliveries(newest); });
  DeliveryQuery webhook;
  webhook.webhook = WebhookId{7};
  time_read("page of a webhook", [&] { store.list_deliveries(webhook); });
  DeliveryQuery team;
  team.team_id = "team_3";
  time_read("page of a team", [&] { store.list_deliveries(team); });
  DeliveryQuery number;
  number.term = "+12000123456";
  time_read("search for a number", [&] { store.list_deliveries(number); });
  DeliveryQuery absent;
  absent.term = "call-0";
  time_read("search in vain", [&] { store.list_deliveries(absent); });
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  settings.directory = (std::filesystem::current_path() / "store_bench_data").string();
  const std::map<std::string, std::size_t*> sizes{{"--events", &settings.events}, {"--batch", &settings.batch}};
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--directory") {
      settings.directory = argv[i + 1];
    } else if (flag == "--page") {
      settings.page = std::atoi(argv[i + 1]);
    } else if (sizes.contains(flag)) {
      *sizes.at(flag) = static_cast<std::size_t>(std::atoll(argv[i + 1]));
    } else {
      std::fprintf(stderr, "store_bench: unknown flag %s\n", flag.c_str());
      return 2;
    }
  }
  std::filesystem::remove_all(settings.directory);
  {
    auto store = SqliteStore::open({.directory = settings.directory, .page_bytes = settings.page});
    if (!store) {
      std::fprintf(stderr, "store_bench: %s\n", store.error().c_str());
      return 1;
    }
    Load load;
    print(run(**store, load, settings), **store, static_cast<double>(settings.events));
    while ((*store)->maintain(now())) {
    }
    time_reads(**store);
  }
  std::filesystem::remove_all(settings.directory);
}
