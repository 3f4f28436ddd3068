#include "config/load.hpp"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>

#include "config/options.hpp"

namespace limehook::config {
namespace {

using Problem = std::optional<std::string>;

// Descriptors that are not for connections: the store, logs, event loops, name resolution.
constexpr std::size_t kDescriptorsReserved = 64;
constexpr std::size_t kConnectionsMin = 16;
constexpr std::size_t kConnectionsDefaultMax = 16'384;
constexpr std::size_t kInFlightDefaultMax = 1024;

std::string joined(const std::vector<std::string>& values) {
  std::string out;
  for (const auto& value : values) out += (out.empty() ? "" : ",") + value;
  return out;
}

// A value of the file as the text that the option's reader takes.
std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  return std::nullopt;
}

std::optional<std::string> text_of(const toml::node& node, OptionKind kind) {
  const auto* const array = node.as_array();
  if (array == nullptr || kind != OptionKind::List) return text_of(node);
  std::vector<std::string> values;
  for (const auto& element : *array) {
    auto text = text_of(element);
    if (!text) return std::nullopt;
    values.push_back(std::move(*text));
  }
  return joined(values);
}

class Loader {
 public:
  explicit Loader(const Sources& sources) : sources_(sources) {}

  std::expected<Loaded, std::string> load() {
    for (const auto step : {&Loader::apply_file, &Loader::apply_variables, &Loader::apply_flags,
                            &Loader::settle_secrets, &Loader::settle_tls, &Loader::settle_timeouts,
                            &Loader::settle_smtp, &Loader::settle_oidc, &Loader::settle_limits}) {
      if (auto problem = (this->*step)()) return std::unexpected(std::move(*problem));
    }
    return std::move(out_);
  }

 private:
  // Later calls win. `origin`: where the text comes from, for messages.
  Problem apply(const Option& option, std::string_view text, std::string origin) {
    if (auto problem = option.apply(out_.config, text)) return fmt::format("{}: {}", origin, *problem);
    origins_[option.name] = std::move(origin);
    return std::nullopt;
  }

  std::optional<std::string> file_name() const {
    if (const auto flag = sources_.flags.find("config"); flag != sources_.flags.end()) return flag->second.back();
    const auto variable = sources_.variables.find("LIMEHOOK_CONFIG");
    if (variable == sources_.variables.end() || variable->second.empty()) return std::nullopt;
    return variable->second;
  }

  Problem apply_file() {
    const auto name = file_name();
    if (!name) return std::nullopt;
    std::ifstream file(*name, std::ios::binary);
    std::stringstream content;
    // An empty file would set the failure bit of `content`; a folder can be opened, but sets the bad bit here.
    const bool empty = file.peek() == std::ifstream::traits_type::eof();
    if (!file.is_open() || file.bad()) {
      return fmt::format("{}: cannot be read; expected a TOML file of options", *name);
    }
    if (!empty) content << file.rdbuf();
    const std::string_view begin = content.view().substr(0, 2);
    if (begin == "\xFF\xFE" || begin == "\xFE\xFF") return fmt::format("{}: is UTF-16 text; save it as UTF-8", *name);
    try {
      return apply_table(*name, toml::parse(content.str()));
    } catch (const toml::parse_error& error) {
      return fmt::format("{}:{}: is not TOML: {}", *name, error.source().begin.line, error.description());
    }
  }

  Problem apply_table(const std::string& file, const toml::table& table) {
    for (const auto& [toml_key, node] : table) {
      const auto key = toml_key.str();
      const auto origin = fmt::format("{}:{}: {}", file, node.source().begin.line, key);
      const auto found = std::ranges::find_if(options(), [&](const Option& o) { return o.key() == key; });
      if (found == options().end()) return fmt::format("{}: is no option{}", origin, suggestion(key));
      const auto text = text_of(node, found->kind);
      if (!text) {
        return fmt::format("{}: has the wrong type; expected {}", origin,
                           found->kind == OptionKind::List ? "a string or an array of strings"
                                                           : "a string, a number or a truth value");
      }
      // An empty array says the same as leaving the key out.
      if (found->kind == OptionKind::List && text->empty()) continue;
      if (auto problem = apply(*found, *text, origin)) return problem;
    }
    return std::nullopt;
  }

  static std::string suggestion(std::string_view key) {
    std::string underscored(key);
    std::ranges::replace(underscored, '-', '_');
    for (const auto& option : options()) {
      if (option.key() == underscored) return fmt::format("; did you mean {}?", option.key());
    }
    return "; `limehook serve --help` lists all";
  }

  Problem apply_variables() {
    // What other commands read, and what names the file.
    static constexpr std::array<std::string_view, 6> kOthers{"LIMEHOOK_CONFIG",         "LIMEHOOK_KEY",
                                                             "LIMEHOOK_NEW_SECRET_KEY", "LIMEHOOK_NEW_SECRET_KEY_FILE",
                                                             "LIMEHOOK_SECRET",         "LIMEHOOK_SERVER"};
    for (const auto& [name, value] : sources_.variables) {
      if (value.empty()) continue;
      const auto found = std::ranges::find_if(options(), [&](const Option& o) { return o.variable() == name; });
      if (found != options().end()) {
        if (auto problem = apply(*found, value, name)) return problem;
      } else if (std::ranges::find(kOthers, name) == kOthers.end()) {
        out_.warnings.push_back(fmt::format("the environment variable {} is no option and has no effect", name));
      }
    }
    return std::nullopt;
  }

  Problem apply_flags() {
    for (const auto& option : options()) {
      const auto flag = sources_.flags.find(option.name);
      if (flag == sources_.flags.end()) continue;
      if (auto problem = apply(option, joined(flag->second), option.flag())) return problem;
    }
    return std::nullopt;
  }

  // Where an option's value, or the file that holds it, was given; null: nowhere.
  const std::string* origin_of(std::string_view name) const {
    for (const auto& [option, origin] : origins_) {
      if (option == name || (option.starts_with(name) && option.substr(name.size()) == "-file")) return &origin;
    }
    return nullptr;
  }

  Problem settle_secrets() {
    for (const std::string_view name : {"admin-key", "secret-key", "smtp-password", "oidc-client-secret"}) {
      const auto file = origins_.find(std::string(name) + "-file");
      if (file == origins_.end() || !origins_.contains(name)) continue;
      return fmt::format("{}: the same is given by {}; expected one of the two", file->second, origins_.at(name));
    }
    return std::nullopt;
  }

  Problem settle_tls() {
    const Config& config = out_.config;
    if (config.tls_cert.has_value() == config.tls_key.has_value()) return std::nullopt;
    const auto given = origins_.at(config.tls_cert ? "tls-cert" : "tls-key");
    return fmt::format("{}: a certificate and its key go together; expected --tls-cert and --tls-key", given);
  }

  Problem settle_timeouts() {
    Config& config = out_.config;
    if (config.connect_timeout <= config.timeout) return std::nullopt;
    const auto origin = origins_.find("connect-timeout");
    if (origin == origins_.end()) {
      config.connect_timeout = config.timeout;
      return std::nullopt;
    }
    return fmt::format("{}: {} is longer than the whole attempt may take; expected at most {}", origin->second,
                       format_duration(config.connect_timeout), format_duration(config.timeout));
  }

  Problem settle_smtp() {
    for (const std::string_view name : {"smtp-user", "smtp-password", "smtp-from", "smtp-to"}) {
      const auto* const origin = origin_of(name);
      if (origin && !origin_of("smtp-url")) {
        return fmt::format("{}: has no effect without a mail server; expected --smtp-url too", *origin);
      }
    }
    const Config& config = out_.config;
    if (!config.smtp) return std::nullopt;
    if (config.smtp_from.empty()) {
      return fmt::format("{}: notices need a sender; expected --smtp-from too", origins_.at("smtp-url"));
    }
    if (config.smtp_user.empty() != config.smtp_password.empty()) {
      const auto* const given = origin_of(config.smtp_user.empty() ? "smtp-password" : "smtp-user");
      return fmt::format("{}: a user and a password go together; expected --smtp-user and --smtp-password", *given);
    }
    if (!config.smtp_user.empty() && config.smtp->encryption == SmtpServer::Encryption::None &&
        !config.smtp->loopback) {
      return fmt::format("{}: the password would be sent unencrypted; expected a server with TLS",
                         origins_.at("smtp-url"));
    }
    return std::nullopt;
  }

  Problem settle_oidc() {
    static constexpr std::array<std::string_view, 3> kTogether{"oidc-issuer", "oidc-client-id", "oidc-client-secret"};
    for (const auto given : {kTogether[0], kTogether[1], kTogether[2], std::string_view("oidc-name")}) {
      const auto missing = std::ranges::find_if(kTogether, [&](auto name) { return !origin_of(name); });
      if (!origin_of(given) || missing == kTogether.end()) continue;
      return fmt::format("{}: issuer, id and secret of single sign-on go together; expected --{} too",
                         *origin_of(given), *missing);
    }
    return std::nullopt;
  }

  Problem settle_limits() {
    Config& config = out_.config;
    const auto possible = sources_.descriptors_max - std::min(kDescriptorsReserved, sources_.descriptors_max);
    if (possible < kConnectionsMin) {
      return fmt::format("this process may open {} files and sockets only; expected a limit of at least {} (ulimit -n)",
                         sources_.descriptors_max, kDescriptorsReserved + kConnectionsMin);
    }
    if (config.connections_max > possible) {
      return fmt::format(
          "{}: {} connections are more than this process may open; expected at most {}, or a higher "
          "limit of file descriptors (ulimit -n)",
          origins_.at("connections-max"), config.connections_max, possible);
    }
    if (config.connections_max == 0) config.connections_max = std::min(possible, kConnectionsDefaultMax);
    if (config.connections_per_address == 0)
      config.connections_per_address = std::max<std::size_t>(config.connections_max / 4, 8);
    if (config.in_flight_max > config.connections_max) {
      return fmt::format("{}: {} attempts need more connections than there may be; expected at most {}",
                         origins_.at("in-flight-max"), config.in_flight_max, config.connections_max);
    }
    if (config.in_flight_max == 0) config.in_flight_max = std::min(config.connections_max / 2, kInFlightDefaultMax);
    return std::nullopt;
  }

  const Sources& sources_;
  Loaded out_;
  std::map<std::string_view, std::string> origins_;  // by option: where its value comes from
};

}  // namespace

std::expected<Loaded, std::string> load_config(const Sources& sources) { return Loader(sources).load(); }

std::map<std::string, std::string, std::less<>> limehook_variables(const char* const* environment) {
  std::map<std::string, std::string, std::less<>> variables;
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    const auto equals = entry.find('=');
    if (!entry.starts_with("LIMEHOOK_") || equals == std::string_view::npos) continue;
    variables.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return variables;
}

}  // namespace limehook::config
