// How much CPU the outbound client needs per attempt: sender_bench URL [COUNT] [CONCURRENCY] [THREADS].
//
// The receiver is somebody else's, such as an nginx with `return 200` and a high keepalive_requests. Prints requests
// per second and this process's user and system time per request; signing, which is included, is measured apart.

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>

#include "http_client/http_sender.hpp"
#include "signing/signing.hpp"

namespace {

using namespace limehook;

double cpu_seconds(const rusage& usage) {
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Keeps `concurrency` attempts going until `count` have ended.
class Run {
 public:
  Run(std::string url, int count, int concurrency, int threads) : count_(count), concurrency_(concurrency) {
    auto webhook = std::make_shared<Webhook>();
    webhook->id = WebhookId{1};
    webhook->url = std::move(url);
    webhook->secret = signing::generate_secret();
    webhook->token = signing::generate_token("");
    webhook_ = webhook;
    http_client::SenderOptions options;
    options.threads = threads;
    options.version = "bench";
    options.policy = http_client::AddressPolicy({*http_client::parse_network("0.0.0.0/0")});
    sender_ = http_client::HttpSender::create(std::move(options), [this](http_client::AttemptResult result) {
                on_done(result);
              }).value();
  }

  void run() {
    for (int i = 0; i < concurrency_; ++i) start_one();
    all_done_.get_future().wait();
  }
  void stop() { sender_->stop(); }
  int acknowledged() const { return acknowledged_; }

 private:
  void start_one() {
    const int index = started_++;
    if (index >= count_) return;
    sender_->start({.delivery = DeliveryId{index + 1},
                    .number = 1,
                    .type = EventType::MissedCall,
                    .test = false,
                    .webhook = webhook_,
                    .body = body_});
  }
  void on_done(const http_client::AttemptResult& result) {
    if (result.attempt.acknowledged()) ++acknowledged_;
    start_one();
    if (++done_ == count_) all_done_.set_value();
  }

  int count_;
  int concurrency_;
  WebhookPtr webhook_;
  std::shared_ptr<const std::string> body_ = std::make_shared<std::string>(event_types()[0].sample);
  std::atomic<int> started_ = 0;
  std::atomic<int> done_ = 0;
  std::atomic<int> acknowledged_ = 0;
  std::promise<void> all_done_;
  std::unique_ptr<http_client::HttpSender> sender_;
};

// What signing alone costs, so that it can be told apart.
double signing_microseconds() {
  const auto secret = signing::generate_secret();
  signing::Signer signer({.secret = secret});
  constexpr int kRounds = 20000;
  const auto begin = std::chrono::steady_clock::now();
  std::size_t bytes = 0;
  for (int i = 0; i < kRounds; ++i) {
    bytes += signing::headers_of(signer.sign("dlv_0000000000000", i, event_types()[0].sample)).webhook_signature.size();
  }
  const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - begin;
  return bytes == 0 ? 0 : spent.count() / kRounds;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: sender_bench URL [COUNT] [CONCURRENCY] [THREADS]\n");
    return 2;
  }
  const auto number = [&](int index, int otherwise) { return argc > index ? std::atoi(argv[index]) : otherwise; };
  const int count = number(2, 200000);
  Run run(argv[1], count, number(3, 64), number(4, 1));
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  const auto begin = std::chrono::steady_clock::now();
  run.run();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  getrusage(RUSAGE_SELF, &after);
  run.stop();
  const double cpu = (cpu_seconds(after) - cpu_seconds(before)) * 1e6 / count;
  const double signing = signing_microseconds();
  std::printf("%d requests, %d acknowledged, %.0f requests/s\n", count, run.acknowledged(), count / wall.count());
  std::printf("CPU per request: %.2f us, of which signing %.2f us, rest %.2f us\n", cpu, signing, cpu - signing);
  return run.acknowledged() == count ? 0 : 1;
}
