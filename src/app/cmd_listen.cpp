#include <fmt/format.h>

#include <atomic>
#include <boost/json.hpp>
#include <memory>
#include <mutex>

#include "app/api_client.hpp"
#include "app/commands.hpp"
#include "app/local_receiver.hpp"
#include "app/stop_signal.hpp"
#include "app/terminal.hpp"
#include "app/time_flag.hpp"
#include "signing/signing.hpp"

namespace limehook::app {
namespace {

namespace json = boost::json;

struct ListenOptions {
  std::uint16_t port = 0;
  std::string secret;
  std::string public_key;
  std::string forward;
  int status = 200;
  std::uint64_t fail_every = 0;
  bool json = false;
  bool verifies() const { return !secret.empty() || !public_key.empty(); }
};

constexpr auto kForwardLimit = std::chrono::seconds(30);

// Headers that belong to one connection and are not passed on (RFC 9110, section 7.6.1), and those that the client
// sets itself.
bool passed_on(std::string_view name) {
  static constexpr std::array<std::string_view, 8> kDropped{"connection", "host", "content-length", "transfer-encoding",
                                                            "keep-alive", "te",   "trailer",        "upgrade"};
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::find(kDropped, lower) == kDropped.end();
}

HttpHeaders passed_on(const HttpHeaders& headers) {
  HttpHeaders kept;
  for (const auto& header : headers) {
    if (passed_on(header.first)) kept.push_back(header);
  }
  return kept;
}

ReceiverReply answer_with(int status, std::string body) {
  return {
      ReceiverReply::Kind::Answer, status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(body) + "\n", {}};
}

class Listener {
 public:
  explicit Listener(const ListenOptions& options) : options_(options) {}

  // Any thread.
  ReceiverReply handle(const ReceivedRequest& request) {
    const auto problem = signature_problem(request, {options_.secret, options_.public_key}, wall_now());
    const auto number = ++count_;
    auto reply = [&] {
      if (problem) return answer_with(401, *problem);
      if (options_.fail_every > 0 && number % options_.fail_every == 0) return answer_with(500, "failing as asked");
      return options_.forward.empty() ? answer_with(options_.status, "ok") : forward(request);
    }();
    const std::lock_guard lock(print_mutex_);
    if (options_.json) print_json(request, problem, reply);
    else print_words(request, problem, reply);
    return reply;
  }

 private:
  ReceiverReply forward(const ReceivedRequest& request) const {
    auto connection = HttpConnection::to(options_.forward);
    auto answer = connection->send({request.method, forward_target(request), passed_on(request.headers), request.body},
                                   kForwardLimit);
    if (!answer) return answer_with(502, fmt::format("cannot reach {}: {}", options_.forward, answer.error()));
    return {ReceiverReply::Kind::Answer, answer->status, passed_on(answer->headers), std::move(answer->body), {}};
  }

  // The URL to forward to is meant as a whole; a path below "/" is kept.
  static std::string forward_target(const ReceivedRequest& request) {
    return request.target == "/" ? "" : request.target;
  }

  void print_json(const ReceivedRequest& request, const std::optional<std::string>& problem,
                  const ReceiverReply& reply) const {
    json::object headers;
    for (const auto& [name, value] : request.headers) headers[name] = value;
    json::object line{{"at", format_rfc3339(wall_now())},
                      {"method", request.method},
                      {"path", request.target},
                      {"headers", std::move(headers)},
                      {"body", request.body},
                      {"verified", nullptr},
                      {"reason", nullptr},
                      {"status", reply.status}};
    if (options_.verifies()) line["verified"] = !problem;
    if (problem) line["reason"] = *problem;
    print_line(json::serialize(line));
  }

  void print_words(const ReceivedRequest& request, const std::optional<std::string>& problem,
                   const ReceiverReply& reply) const {
    const auto verified = !options_.verifies() ? paint(Color::Dim, "not verified")
                          : problem            ? paint(Color::Red, "not genuine: " + *problem)
                                               : paint(Color::Green, "verified");
    print_line(fmt::format("{}  {} {}  {}  {}  attempt {}  answered {}", local_clock(wall_now()),
                           printable(request.method), printable(request.target),
                           padded(printable(request.header("X-LimeCall-Event")), 18), verified,
                           printable(request.header("X-LimeCall-Attempt")), reply.status));
    print_line("  " + printable(request.body));
  }

  const ListenOptions& options_;
  std::atomic<std::uint64_t> count_ = 0;
  std::mutex print_mutex_;
};

std::optional<std::string> options_problem(const ListenOptions& options) {
  if (!options.secret.empty()) {
    if (const auto problem = signing::secret_problem(options.secret)) return "--secret: " + *problem;
  }
  if (!options.public_key.empty()) {
    if (const auto problem = signing::public_key_problem(options.public_key)) return "--public-key: " + *problem;
  }
  if (!options.forward.empty()) {
    if (const auto connection = HttpConnection::to(options.forward); !connection)
      return "--forward: " + connection.error();
  }
  return std::nullopt;
}

ExitCode listen(const ListenOptions& options) {
  if (const auto problem = options_problem(options)) {
    print_error(*problem);
    return ExitCode::Usage;
  }
  StopSignal stop;
  Listener listener(options);
  const auto receiver =
      LocalReceiver::start(options.port, [&](const ReceivedRequest& r) { return listener.handle(r); });
  if (!receiver) {
    print_error(receiver.error());
    return ExitCode::Failed;
  }
  const auto url = fmt::format("http://127.0.0.1:{}/", receiver->port());
  if (options.json) print_line(json::serialize(json::object{{"url", url}}));
  else
    print_line(
        fmt::format("Listening on {}{}", url, options.forward.empty() ? "" : ", forwarding to " + options.forward));
  while (!stop.wait_for(std::chrono::hours(1))) {
  }
  return ExitCode::Ok;
}

}  // namespace

void add_listen_command(CLI::App& root, Action& chosen) {
  auto* const command =
      root.add_subcommand("listen", "Receive, verify and print webhooks on this machine, or forward them.");
  const auto options = std::make_shared<ListenOptions>();
  command->add_option("--port", options->port, "The port on 127.0.0.1 (0: any free one).")
      ->type_name("PORT")
      ->capture_default_str();
  command->add_option("--secret", options->secret, "Verify with this secret; what is not genuine is answered 401.")
      ->type_name("whsec_...")
      ->envname("LIMEHOOK_SECRET");
  command->add_option("--public-key", options->public_key, "Verify v1a signatures with this key, likewise.")
      ->type_name("whpk_...");
  auto* const forward = command->add_option("--forward", options->forward,
                                            "Pass requests on to this URL (the request's path is appended) and answer "
                                            "what it answers.");
  forward->type_name("URL");
  command->add_option("--status", options->status, "What to answer.")
      ->type_name("STATUS")
      ->check(CLI::Range(200, 599))
      ->capture_default_str()
      ->excludes(forward);
  command->add_option("--fail-every", options->fail_every, "Answer 500 to every Nth request.")->type_name("N");
  command->add_flag("--json", options->json, "Print one JSON object per line: the URL first, then each request.");
  command->footer("Exit codes: 0 stopped, 1 the port cannot be used, 2 wrong usage.");
  command->callback([options, &chosen] { chosen = [options] { return listen(*options); }; });
}

}  // namespace limehook::app
