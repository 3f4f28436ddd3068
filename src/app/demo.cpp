#include "app/demo.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <deque>
#include <fstream>
#include <set>

#include "app/api_client.hpp"
#include "app/demo_ledger.hpp"
#include "app/demo_log.hpp"
#include "app/demo_receiver.hpp"
#include "app/demo_state.hpp"
#include "app/phone_traffic.hpp"
#include "app/server_process.hpp"
#include "app/stop_signal.hpp"
#include "app/terminal.hpp"
#include "app/time_flag.hpp"
#include "signing/signing.hpp"

namespace limehook::app {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr auto kReadyLimit = 30s;
constexpr auto kStopLimit = 12s;    // the server drains within 10 s
constexpr auto kSettleLimit = 20s;  // for what still waits when a demo of a given length ends
constexpr auto kTick = 50ms;
constexpr auto kLogInterval = 400ms;
constexpr std::size_t kWaitingAskedPerRound = 20;

struct DemoWebhook {
  std::string_view name;
  std::string_view path;
  std::array<std::string_view, 4> events;  // unused ones are empty
};
constexpr std::array<DemoWebhook, 3> kWebhooks{{
    {"CRM", "/crm", {"call_completed", "missed_call", "voicemail_received", ""}},
    {"Team chat", "/chat", {"missed_call", "voicemail_received", "sms_received", "sms_sent"}},
    {"Call screen", "/screen", {"incoming_call", "call_status_update", "", ""}},
}};

using Problem = std::optional<std::string>;

Problem words_of(const std::optional<ApiFailure>& failure) {
  return failure ? std::optional(failure->text) : std::nullopt;
}

std::string tail_of(const std::filesystem::path& file, std::size_t lines_max) {
  std::deque<std::string> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    lines.push_back(printable(line));
    if (lines.size() > lines_max) lines.pop_front();
  }
  std::string out;
  for (const auto& line : lines) out += "\n  " + line;
  return out;
}

// Held until the process ends, however it ends.
class FolderLock {
 public:
  FolderLock() = default;
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  bool take(const std::filesystem::path& file) {
    descriptor_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return descriptor_ >= 0 && flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
  }

 private:
  int descriptor_ = -1;
};

// One run from start to stop. Every step answers what went wrong, in words that end the demo.
class Demo {
 public:
  explicit Demo(const DemoOptions& options)
      : options_(options),
        prng_(options.seed.value_or(static_cast<std::uint64_t>(to_us(wall_now())))),
        receiver_answers_(prng_.split()) {}

  ExitCode run() {
    auto problem = prepare();
    if (!problem) {
      if (!stop_.wait_for(0ms)) problem = serve_traffic();
      if (!problem) problem = settle();
      print_summary();
    }
    const bool server_stopped = !server_ || server_->ending() || server_->stop(kStopLimit);
    if (problem) print_error(*problem);
    else if (!server_stopped) print_error("the server did not stop in time and was killed");
    return problem || !server_stopped || lost_ > 0 ? ExitCode::Failed : ExitCode::Ok;
  }

 private:
  // Runs the steps up to the first traffic. A signal ends it early without a problem.
  Problem prepare() {
    for (const auto step : {&Demo::open_folder, &Demo::start_receiver, &Demo::start_server, &Demo::connect,
                            &Demo::make_webhooks, &Demo::start_log, &Demo::compare_with_ledger}) {
      if (auto problem = (this->*step)()) return problem;
      if (stop_.wait_for(0ms)) return std::nullopt;
    }
    print_welcome();
    return std::nullopt;
  }

  std::filesystem::path state_file() const { return options_.data / "demo.json"; }
  std::filesystem::path server_log() const { return options_.data / "demo-server.log"; }

  Problem save_state() {
    const auto saved = save_demo_state(state_, state_file());
    return saved ? std::nullopt : std::optional(saved.error());
  }

  Problem open_folder() {
    std::error_code error;
    std::filesystem::create_directories(options_.data, error);
    if (error) return fmt::format("cannot make the folder {}: {}", options_.data.string(), error.message());
    if (!lock_.take(options_.data / "demo.lock")) {
      return fmt::format("a demo runs in {} already; choose another folder with --data", options_.data.string());
    }
    auto state = load_demo_state(state_file());
    if (!state) return state.error();
    state_ = std::move(*state);
    if (!options_.admin_key.empty()) state_.admin_key = options_.admin_key;
    if (state_.admin_key.empty()) state_.admin_key = signing::generate_token("lh_");
    auto ledger = DemoLedger::open(options_.data / "demo-ledger");
    if (!ledger) return ledger.error();
    ledger_.emplace(std::move(*ledger));
    return std::nullopt;
  }

  // Before the server, which on a restart delivers at once what waits. It keeps its port for the same reason.
  Problem start_receiver() {
    for (const auto& [path, secret] : state_.secrets) receiver_answers_.set_secret(path, secret);
    const auto answer = [this](const ReceivedRequest& request) {
      return receiver_answers_.handle(request, wall_now());
    };
    auto receiver = LocalReceiver::start(state_.receiver_port, answer);
    if (!receiver && state_.receiver_port != 0) receiver = LocalReceiver::start(0, answer);
    if (!receiver) return receiver.error();
    receiver_.emplace(std::move(*receiver));
    state_.receiver_port = receiver_->port();
    return save_state();
  }

  Problem start_server() {
    std::error_code ignored;
    std::filesystem::remove(options_.data / "limehook.address", ignored);
    auto server = ServerProcess::start(
        {"serve", "--listen", options_.listen, "--data", options_.data.string(), "--allow-http", "--allow-net",
         "127.0.0.0/8,::1", "--retry-schedule", options_.retry_schedule, "--log-format", "text"},
        // A certificate of the server that is really used is none of the demo's.
        {{"LIMEHOOK_ADMIN_KEY", state_.admin_key}, {"LIMEHOOK_TLS_CERT", ""}, {"LIMEHOOK_TLS_KEY", ""}}, server_log());
    if (!server) return server.error();
    server_.emplace(std::move(*server));
    return std::nullopt;
  }

  Problem server_problem() {
    const auto ending = server_->ending();
    if (!ending) return std::nullopt;
    return fmt::format("the server {}; nothing that was accepted is lost, start the demo again\nThe end of {}:{}",
                       *ending, server_log().string(), tail_of(server_log(), 5));
  }

  std::string server_url() const {
    std::string address;
    std::getline(std::ifstream(options_.data / "limehook.address"), address);
    // What listens on all addresses is reached on the loopback one.
    if (address.starts_with("0.0.0.0:")) address.replace(0, 7, "127.0.0.1");
    if (address.starts_with("[::]:")) address.replace(0, 4, "[::1]");
    return address.empty() ? "" : "http://" + address;
  }

  Problem connect() {
    const auto deadline = std::chrono::steady_clock::now() + kReadyLimit;
    while (!stop_.wait_for(20ms)) {
      if (auto problem = server_problem()) return problem;
      if (std::chrono::steady_clock::now() > deadline) return "the server is not ready after 30 seconds";
      client_options_.server = server_url();
      client_options_.key = state_.admin_key;
      if (client_options_.server.empty()) continue;
      auto client = ApiClient::connect(client_options_);
      if (!client || !client->get("/readyz")) continue;
      client_.emplace(std::move(*client));
      return std::nullopt;
    }
    return std::nullopt;
  }

  std::string receiver_url(std::string_view path) const {
    return fmt::format("http://127.0.0.1:{}{}", receiver_->port(), path);
  }

  Problem make_webhooks() {
    const auto answer = client_->get("/v1/webhooks?limit=500");
    if (!answer) return answer.error().text;
    for (const auto& wanted : kWebhooks) {
      const json::object* found = nullptr;
      for (const auto& value : answer->json.at("data").as_array()) {
        if (text_member(value.as_object(), "name") == wanted.name) found = &value.as_object();
      }
      if (auto problem = found != nullptr ? adopt_webhook(wanted, *found) : create_webhook(wanted)) return problem;
    }
    return std::nullopt;
  }

  Problem create_webhook(const DemoWebhook& wanted) {
    const std::string path(wanted.path);
    auto& secret = state_.secrets[path];
    if (secret.empty()) secret = signing::generate_secret();
    // Saved first: deliveries may arrive before the answer does.
    if (auto problem = save_state()) return problem;
    receiver_answers_.set_secret(path, secret);
    json::array events;
    for (const auto event : wanted.events) {
      if (!event.empty()) events.emplace_back(json::string_view(event.data(), event.size()));
    }
    const json::object body{{"name", std::string(wanted.name)},
                            {"url", receiver_url(path)},
                            {"events", std::move(events)},
                            {"secret", secret},
                            {"timeout_ms", 2000}};
    const auto answer = client_->send("POST", "/v1/webhooks", json::serialize(body));
    if (!answer) return answer.error().text;
    webhook_names_[text_member(answer->json.as_object(), "id")] = wanted.name;
    return std::nullopt;
  }

  Problem adopt_webhook(const DemoWebhook& wanted, const json::object& webhook) {
    const auto id = text_member(webhook, "id");
    const std::string path(wanted.path);
    webhook_names_[id] = wanted.name;
    const auto secret = client_->get(fmt::format("/v1/webhooks/{}/secret", id));
    if (!secret) return secret.error().text;
    state_.secrets[path] = text_member(secret->json.as_object(), "secret");
    receiver_answers_.set_secret(path, state_.secrets[path]);
    if (text_member(webhook, "url") != receiver_url(path)) {
      const auto body = json::serialize(json::object{{"url", receiver_url(path)}});
      const auto moved = client_->send("PATCH", "/v1/webhooks/" + id, body);
      if (!moved) return moved.error().text;
    }
    return save_state();
  }

  Problem start_log() {
    log_.emplace(*client_, webhook_names_, [this](const std::string& event) { ledger_->note_ended(event); });
    return words_of(log_->start());
  }

  // Asks the server about an accepted event. One that it does not know is lost.
  Problem look_at(const std::string& event) {
    const auto answer = client_->get("/v1/events/" + event);
    if (!answer && answer.error().status != 404) return answer.error().text;
    if (!answer) {
      ++lost_;
      print_line(paint(Color::Red, fmt::format("LOST: {} was accepted and is not in the log", event)));
      ledger_->note_settled(event);
      return std::nullopt;
    }
    for (const auto& value : answer->json.at("deliveries").as_array()) {
      const auto status = text_member(value.as_object(), "status");
      if (status == "pending" || status == "retrying") return std::nullopt;
    }
    ledger_->note_settled(event);
    return std::nullopt;
  }

  Problem compare_with_ledger() {
    for (const auto& [event, deliveries] : ledger_->waiting()) earlier_.insert(event);
    for (const auto& event : earlier_) {
      if (auto problem = look_at(event)) return problem;
    }
    earlier_count_ = earlier_.size();
    std::erase_if(earlier_, [this](const std::string& event) { return !ledger_->waiting().contains(event); });
    return std::nullopt;
  }

  // What the server prints for its first admin; once there is one, the pages themselves.
  std::string pages_link() const {
    std::ifstream log(server_log());
    for (std::string line; std::getline(log, line);) {
      const auto at = line.find(client_options_.server + "/setup#");
      if (at != std::string::npos) return line.substr(at) + "   makes your account";
    }
    return client_options_.server + "/";
  }

  void print_welcome() const {
    const auto& url = client_options_.server;
    const auto& key = state_.admin_key;
    print_line(paint(Color::Bold, "Limehook demo: the phone of a small business, delivered as webhooks"));
    print_line(fmt::format("  API        {}   key {}", url, key));
    print_line(fmt::format("  Pages      {}", pages_link()));
    print_line(fmt::format("  Data       {}   kept between runs; server log in {}", options_.data.string(),
                           server_log().filename().string()));
    print_line(fmt::format("  Receiver   {}   verifies signatures, and fails now and then so that retries show",
                           receiver_url("/")));
    print_line("  Try");
    print_line(fmt::format("    export LIMEHOOK_SERVER={} LIMEHOOK_KEY={}", shell_word(url), shell_word(key)));
    print_line("    limehook send --type missed_call      limehook webhooks list      limehook logs --follow");
    print_line(fmt::format("    curl -s -H {} {}", shell_word("Authorization: Bearer " + key),
                           shell_word(url + "/v1/deliveries?limit=1")));
    print_line(
        fmt::format("    kill -9 {} {}      and start the demo again: nothing is missing", getpid(), server_->pid()));
    if (earlier_count_ > 0) {
      print_line(paint(Color::Cyan,
                       fmt::format("Back again. Accepted events that waited when the last run ended: {}. Of them "
                                   "delivered by now: {}, still waiting for an attempt: {}, lost: {}.",
                                   earlier_count_, earlier_count_ - earlier_.size() - lost_, earlier_.size(), lost_)));
    }
    print_line("");
  }

  Problem serve_traffic() {
    const auto start = std::chrono::steady_clock::now();
    const auto wall_start = wall_now();
    run_name_ = fmt::format("demo-{}", to_us(wall_start));
    PhoneTraffic traffic(prng_.split(), wall_start, options_.rate);
    while (!stop_.wait_for(kTick)) {
      const auto elapsed = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - start);
      if (options_.length && elapsed >= *options_.length) return std::nullopt;
      for (auto& event : traffic.advance(wall_start + elapsed)) to_send_.push_back(std::move(event.payload));
      send_events();
      if (auto problem = look_at_server()) return problem;
    }
    return std::nullopt;
  }

  // What the server cannot take now stays at the front and is sent again with the same idempotency key.
  void send_events() {
    while (!to_send_.empty()) {
      const auto key = fmt::format("{}-{}", run_name_, accepted_ + refused_);
      const auto answer = client_->send("POST", "/v1/events", to_send_.front(), {{"Idempotency-Key", key}});
      if (answer) {
        const auto& object = answer->json.as_object();
        const auto deliveries = object.if_contains("deliveries");
        ledger_->note_accepted(text_member(object, "id"),
                               deliveries != nullptr ? deliveries->to_number<std::size_t>() : 0);
        ++accepted_;
      } else if (answer.error().status != 0 && answer.error().status / 100 == 4) {
        print_error(answer.error().text);
        ++refused_;
      } else {
        return;
      }
      to_send_.pop_front();
    }
  }

  Problem look_at_server() {
    if (auto problem = server_problem()) return problem;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_look_) return std::nullopt;
    next_look_ = now + kLogInterval;
    // A server that does not answer for a moment is no problem yet; if it dies, the check above tells.
    if (const auto failure = log_->poll(); failure && failure->exit_code != ExitCode::Unreachable) return failure->text;
    look_at_earlier();
    return std::nullopt;
  }

  // The log's newest page may not reach back to what waits since the last run.
  void look_at_earlier() {
    if (earlier_.empty()) return;
    std::size_t asked = 0;
    for (auto event = earlier_.begin(); event != earlier_.end() && asked < kWaitingAskedPerRound; ++asked) {
      const bool known_waiting =
          ledger_->waiting().contains(*event) && !look_at(*event) && ledger_->waiting().contains(*event);
      event = known_waiting ? std::next(event) : earlier_.erase(event);
    }
    if (earlier_.empty())
      print_line(paint(Color::Cyan, "Everything that waited when the last run ended is settled now."));
  }

  // A demo of a given length waits until everything is delivered; then each accepted event is looked for once more.
  Problem settle() {
    receiver_answers_.stop_failing();
    const auto deadline = std::chrono::steady_clock::now() + kSettleLimit;
    while (options_.length && !ledger_->waiting().empty() && std::chrono::steady_clock::now() < deadline) {
      if (stop_.wait_for(kTick)) break;
      if (auto problem = look_at_server()) return problem;
    }
    auto waiting = ledger_->waiting();
    for (const auto& [event, deliveries] : waiting) {
      if (auto problem = look_at(event)) return problem;
    }
    return words_of(log_->poll());
  }

  void print_summary() const {
    if (!log_) return;
    const auto& ended = log_->counts();
    const auto received = receiver_answers_.counts();
    print_line("");
    print_line(
        fmt::format("Accepted events: {}. Deliveries: {} delivered ({} after retries), {} failed, {} canceled. Events "
                    "that go on when the demo starts again: {}.",
                    accepted_, ended.delivered, ended.delivered_after_retry, ended.failed, ended.canceled,
                    ledger_->waiting().size()));
    print_line(
        fmt::format("The receiver acknowledged {} requests, {} of them repetitions; {} were not genuine. Lost: {}.",
                    received.acknowledged, received.repeated, received.refused, lost_));
  }

  const DemoOptions& options_;
  FolderLock lock_;
  StopSignal stop_;  // before anything that starts threads
  Prng prng_;
  DemoState state_;
  std::optional<DemoLedger> ledger_;
  DemoReceiver receiver_answers_;
  std::optional<LocalReceiver> receiver_;
  std::optional<ServerProcess> server_;
  ClientOptions client_options_;
  std::optional<ApiClient> client_;
  std::map<std::string, std::string> webhook_names_;
  std::optional<DemoLog> log_;
  std::set<std::string> earlier_;  // accepted by an earlier run and not settled yet
  std::size_t earlier_count_ = 0;
  std::deque<std::string> to_send_;
  std::string run_name_;
  SteadyTime next_look_{};
  std::uint64_t accepted_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace

ExitCode run_demo(const DemoOptions& options) { return Demo(options).run(); }

}  // namespace limehook::app
