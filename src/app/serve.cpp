#include "app/serve.hpp"

#include <sched.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <fstream>
#include <thread>

#include "api/api.hpp"
#include "api/problem.hpp"
#include "app/exit_code.hpp"
#include "app/mail_senders.hpp"
#include "app/out_of_memory.hpp"
#include "app/server_tls.hpp"
#include "app/terminal.hpp"
#include "app/test_receiver_address.hpp"
#include "base/limits.hpp"
#include "http_client/http_sender.hpp"
#include "http_server/server.hpp"
#include "runtime/clocks.hpp"
#include "runtime/engine.hpp"
#include "signing/signing.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "telemetry/log.hpp"

namespace limehook {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kFirstKeyName = "first admin key";

void start_logging(const Config& config) {
  constexpr std::array kLevels{spdlog::level::trace, spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                               spdlog::level::err};
  const bool text =
      config.log_format == LogFormat::Text || (config.log_format == LogFormat::Auto && isatty(STDERR_FILENO) == 1);
  telemetry::start_logging(kLevels[static_cast<std::size_t>(config.log_level)],
                           text ? telemetry::LogStyle::Text : telemetry::LogStyle::Json);
}

// Half the descriptors for each side; a share is kept for files.
struct ConnectionShares {
  std::size_t server;
  std::size_t sender_thread;
};

int sender_threads(const Config& config) {
  if (config.sender_threads > 0) return config.sender_threads;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / 2);
}

ConnectionShares share_connections(const Config& config) {
  const std::size_t half = std::max<std::size_t>(config.connections_max / 2, 16);
  return {half, std::max<std::size_t>(half / static_cast<std::size_t>(sender_threads(config)), 16)};
}

http_client::AddressPolicy address_policy(const Config& config) {
  std::vector<http_client::Network> networks;
  for (const std::string& text : config.allow_nets) {
    if (const auto network = http_client::parse_network(text)) networks.push_back(*network);
  }
  return http_client::AddressPolicy(std::move(networks));
}

void tell_of_name(const std::string& host, std::string_view kind) {
  spdlog::debug("{} has only addresses that webhooks may not reach ({}): see --allow-net", host, kind);
}

std::optional<http_client::Proxy> proxy_of(const Config& config) {
  if (!config.proxy) return std::nullopt;
  return http_client::Proxy{config.proxy->host, config.proxy->port, config.proxy->credentials};
}

runtime::EngineOptions engine_options(const Config& config) {
  runtime::EngineOptions options;
  options.scheduler.retry_schedule = config.retry_schedule;
  options.scheduler.disable_after = config.disable_after;
  options.scheduler.queue.breaker.pause_first = config.breaker_pause;
  options.scheduler.queue.in_flight_max = static_cast<int>(config.in_flight_max);
  options.scheduler.queue.body_bytes_max = config.memory_bytes_max;
  options.scheduler.journal_bytes_max = config.memory_bytes_max;
  options.retention = {config.retention, config.retention_bytes, config.audit_retention};
  return options;
}

// On a saturated machine every wake-up of a thread interrupts another one. Under this policy (sched(7)) the kernel lets
// the running one go on, so that queues are worked off in larger portions; an idle machine wakes threads as before.
void prefer_batches() {
  const sched_param none{};
  sched_setscheduler(0, SCHED_BATCH, &none);  // threads inherit it; without permission things work as well
}

void write_address(const std::filesystem::path& path, const std::string& address) {
  const auto temporary = path.string() + ".new";
  std::ofstream(temporary) << address << '\n';
  std::filesystem::rename(temporary, path);
}

std::string url_scheme(const Config& config) { return config.tls_cert ? "https" : "http"; }

api::SignInOptions sign_in_options(const Config& config, const std::string& address) {
  const std::string own_url = url_scheme(config) + "://" + address;
  api::SignInOptions options{.address = address, .public_url = config.public_url.empty() ? own_url : config.public_url};
  if (config.oidc_issuer.empty()) return options;
  options.oidc_name = config.oidc_name;
  options.oidc = std::make_shared<identity::OidcClient>(
      identity::OidcOptions{.issuer = config.oidc_issuer,
                            .client_id = config.oidc_client_id,
                            .client_secret = config.oidc_client_secret,
                            .redirect_uri = options.public_url + "/v1/oidc/callback",
                            .limits = {.ca_file = config.ca_file ? config.ca_file->string() : ""}},
      runtime::now);
  return options;
}

// Without --admin-key the first start makes a key, which is shown once and kept as a hash. It is shown before it is
// stored: one that was shown for nothing is of no use to anybody, and the next start shows another. Answers why not.
asio::awaitable<std::optional<std::string>> make_first_key(runtime::Engine& engine) {
  const auto& keys = engine.directory().keys().all();
  if (std::ranges::any_of(keys, [](const auto& entry) { return entry.second.role == Role::Admin; }))
    co_return std::nullopt;
  const std::string key = signing::generate_token("lh_");
  app::print_line("The first admin key, shown only now: " + key);
  if (const auto problem = app::output_problem()) co_return "the first admin key cannot be shown: " + *problem;
  const ApiKey row{.id = KeyId{engine.new_id()},
                   .name = std::string(kFirstKeyName),
                   .role = Role::Admin,
                   .hash = signing::sha256(key),
                   .hint = key.substr(key.size() - 4),
                   .created_at = runtime::now().wall};
  if (co_await engine.change(row.id.str(), {row})) co_return std::nullopt;
  co_return "the first admin key cannot be stored; what was shown is no key";
}

// Nobody can sign in to a new server yet. The link is for who has started it, so it is in no log. Each start makes
// another one until it is used.
asio::awaitable<void> offer_setup(api::Api& api) {
  const auto link = co_await api.offer_setup();
  if (!link) co_return;
  app::print_line("To create the first admin, open this link once, within 24 hours: " + *link);
  if (const auto problem = app::output_problem()) {
    spdlog::warn("The link that makes the first admin could not be shown: {}. The next start shows another.", *problem);
  }
}

// What belongs to a first start, before the first caller. `failed` is told why the server cannot go on.
asio::awaitable<void> begin_to_serve(runtime::Engine& engine, api::Api& api, http_server::Server& server, bool has_key,
                                     std::function<void(std::string)> failed) {
  if (const auto problem = has_key ? std::nullopt : co_await make_first_key(engine)) {
    failed(*problem);
    co_return;
  }
  co_await offer_setup(api);
  server.accept();
}

asio::awaitable<void> run_until_signal(runtime::Engine& engine, http_server::Server& server, asio::io_context& io) {
  asio::signal_set signals(io, SIGTERM, SIGINT);
  co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
  spdlog::info("Stopping: attempts under way may finish.");
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    spdlog::info("Asked again to stop: attempts under way are cut off, and made again after the next start.");
    engine.hasten_drain();
  });
  server.drain();
  co_await engine.drain(limits::kDrainTimeout);
  co_await server.drained(limits::kLastAnswersTimeout);
  spdlog::info("Stopped.");
  io.stop();
}

// What callers cannot be told because they are not even accepted is told to the operator, once a minute.
void tell_of_descriptors() {
  using Clock = std::chrono::steady_clock;
  static Clock::time_point next{};
  const auto now = Clock::now();
  if (now < next) return;
  next = now + std::chrono::minutes(1);
  spdlog::error("No file descriptor is left: callers and attempts wait until one is free (ulimit -n).");
}

int serve(const Config& config, store::Store& store) {
  telemetry::Metrics metrics;  // outlives what is left in `io` at the end
  asio::io_context io(1);
  const auto policy = address_policy(config);
  const http_client::PortPolicy ports(config.allow_ports);
  const auto shares = share_connections(config);
  TestReceiverUrls test_receivers;  // set when the server listens: before anything is received or sent
  const auto is_test_receiver = [&](std::string_view url) { return test_receivers.exempts(url); };
  std::string sender_error;
  const auto make_sender = [&](http_client::AttemptDone done) -> std::unique_ptr<http_client::AttemptSender> {
    auto sender = http_client::HttpSender::create({.threads = sender_threads(config),
                                                   .version = LIMEHOOK_VERSION,
                                                   .policy = policy,
                                                   .ports = ports,
                                                   .name_leads_inside = tell_of_name,
                                                   .is_test_receiver = is_test_receiver,
                                                   .proxy = proxy_of(config),
                                                   .ca_file = config.ca_file ? config.ca_file->string() : "",
                                                   .connect_timeout = config.connect_timeout,
                                                   .connections_max = shares.sender_thread},
                                                  std::move(done));
    if (sender) return std::move(*sender);
    sender_error = sender.error();
    return nullptr;
  };
  auto options = engine_options(config);
  const auto mail = app::mail_senders(config, metrics);
  options.send_mail = mail.notice;
  runtime::Engine engine(io, store, std::move(options), metrics, make_sender);
  if (!sender_error.empty()) {
    app::print_error(sender_error);
    return static_cast<int>(app::ExitCode::Usage);
  }

  api::Api api(engine, metrics,
               {.version = LIMEHOOK_VERSION,
                .config = config,
                .admin_key = config.admin_key.value_or(signing::generate_token("")),
                .url_rules = {config.allow_http, [&](std::string_view host) { return policy.literal_problem(host); },
                              [&](std::uint16_t port) { return ports.problem(port); }, is_test_receiver},
                .default_timeout = config.timeout,
                .sessions = {config.session_idle, config.session_age},
                .send_mail = mail.account,
                .request_rate = config.request_rate,
                .frame_ancestors = config.frame_ancestors});
  static_assert(telemetry::kRefusedByRate == http_server::kRefusalCount);
  http_server::Server server(
      io,
      {.server_name = "Limehook",
       .shares = {.connections_max = shares.server,
                  .connections_per_address_max = config.connections_per_address,
                  .body_bytes_max = config.memory_bytes_max},
       .trusted_proxies = http_server::TrustedProxies(config.trusted_proxies),
       .body_bytes_max = api::Api::body_bytes_max,
       .connections_changed = [&](std::size_t count) { metrics.connections.Set(static_cast<double>(count)); },
       .refused =
           [&](http_server::Refusal reason) {
             metrics.refused[static_cast<std::size_t>(reason)]->Increment();
             if (reason == http_server::Refusal::Descriptors) tell_of_descriptors();
           },
       .admit = [&](const http_server::Request& head) { return api.admit(head); },
       .payer = [&](const http_server::Request& head) { return api.payer_of(head); },
       .error = [](int status, std::string_view detail) { return api::problem(status, detail); }},
      [&](const http_server::Request& request) { return api.handle(request); });
  if (const auto used = app::use_tls_files(server, config); !used) {
    app::print_error(used.error());
    return static_cast<int>(app::ExitCode::Usage);
  }
  const std::string address = server.listen({asio::ip::make_address(config.listen.address), config.listen.port});
  const auto address_file = config.data / "limehook.address";
  write_address(address_file, address);
  spdlog::info("Limehook {} listens on {}://{}", LIMEHOOK_VERSION, url_scheme(config), address);
  api.set_sign_in(sign_in_options(config, address));
  const auto own_receivers = app::test_receiver_urls(config, address);
  test_receivers = own_receivers.value_or(TestReceiverUrls());
  api.set_test_receivers(test_receivers, own_receivers ? "" : own_receivers.error());
  int exit_code = static_cast<int>(app::ExitCode::Ok);
  const auto fail = [&](const std::string& why) {
    app::print_error(why);
    exit_code = static_cast<int>(app::ExitCode::Failed);
    io.stop();
  };
  asio::co_spawn(io, begin_to_serve(engine, api, server, config.admin_key.has_value(), fail), asio::detached);
  asio::co_spawn(io, run_until_signal(engine, server, io), asio::detached);
  asio::co_spawn(io, app::reload_tls_on_hangup(server, config, io), asio::detached);
  io.run();
  std::error_code ignored;
  std::filesystem::remove(address_file, ignored);
  return exit_code;
}

}  // namespace

int run_serve(const Config& config) {
  app::end_when_out_of_memory();
  prefer_batches();
  start_logging(config);
  auto store = store::SqliteStore::open({.directory = config.data, .keys = config.secret_keys});
  if (!store) {
    app::print_error(store.error());
    return static_cast<int>(app::ExitCode::Failed);
  }
  try {
    return serve(config, **store);
  } catch (const boost::system::system_error& error) {
    app::print_error("cannot listen on " + config.listen.address + ":" + std::to_string(config.listen.port) + ": " +
                     error.code().message());
  } catch (const std::system_error& error) {
    app::print_error(fmt::format("cannot start: the system gives no thread, memory or descriptor: {}", error.what()));
  } catch (const std::exception& error) {
    app::print_error(error.what());
  }
  return static_cast<int>(app::ExitCode::Failed);
}

}  // namespace limehook
