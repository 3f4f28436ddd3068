#include <fmt/format.h>

#include <memory>

#include "app/commands.hpp"
#include "app/terminal.hpp"
#include "app/time_flag.hpp"
#include "signing/signing.hpp"

namespace limehook::app {
namespace {

struct VerifyOptions {
  std::string secret;
  std::string public_key;
  std::string id;
  std::string timestamp;
  std::string signature;
  std::string limecall_signature;
  std::string body_file = "-";
  bool any_age = false;
  bool standard_wanted() const { return !signature.empty() || !id.empty() || !timestamp.empty(); }
};

// With --any-age a timestamp is compared with itself. One that is no number fails to verify all the same.
WallTime time_to_compare(const VerifyOptions& options) {
  const auto digits = options.timestamp.find_first_not_of("0123456789") == std::string::npos;
  const bool usable = digits && !options.timestamp.empty() && options.timestamp.size() < 12;
  if (!options.any_age || !usable) return wall_now();
  return WallTime(std::chrono::seconds(std::stoll(options.timestamp)));
}

bool say(std::string_view check, bool good, std::string_view reason) {
  print_line(fmt::format("{}: {}{}{}", check, paint(good ? Color::Green : Color::Red, good ? "ok" : "failed"),
                         reason.empty() ? "" : ": ", reason));
  return good;
}

std::optional<std::string> options_problem(const VerifyOptions& options) {
  if (options.secret.empty() && options.public_key.empty()) return "--secret or --public-key is required";
  if (!options.secret.empty()) {
    if (const auto problem = signing::secret_problem(options.secret)) return "--secret: " + *problem;
  }
  if (!options.public_key.empty()) {
    if (const auto problem = signing::public_key_problem(options.public_key)) return "--public-key: " + *problem;
  }
  if (!options.limecall_signature.empty() && options.secret.empty()) return "--limecall-signature needs --secret";
  if (!options.standard_wanted() && options.limecall_signature.empty()) {
    return "nothing to verify: give --id, --timestamp and --signature, or --limecall-signature";
  }
  return std::nullopt;
}

bool verify_standard(const VerifyOptions& options, std::string_view body) {
  const signing::StandardHeaders headers{options.id, options.timestamp, options.signature};
  const WallTime now = time_to_compare(options);
  const auto tell = [](std::string_view check, const std::expected<void, signing::VerifyError>& verified) {
    return say(check, verified.has_value(), verified ? "" : signing::text_of(verified.error()));
  };
  bool good = true;
  if (!options.secret.empty()) {
    good = tell("webhook-signature", signing::verify_standard(options.secret, headers, body, now));
  }
  if (!options.public_key.empty()) {
    const auto verified = signing::verify_standard_ed25519(options.public_key, headers, body, now);
    good = tell("webhook-signature (v1a)", verified) && good;
  }
  return good;
}

ExitCode verify(const VerifyOptions& options) {
  if (const auto problem = options_problem(options)) {
    print_error(*problem);
    return ExitCode::Usage;
  }
  const auto body = read_input(options.body_file);
  if (!body) {
    print_error("--body-file: " + body.error());
    return ExitCode::Usage;
  }
  bool good = !options.standard_wanted() || verify_standard(options, *body);
  if (!options.limecall_signature.empty()) {
    const bool matches = signing::verify_limecall(options.secret, options.limecall_signature, *body);
    good = say("X-LimeCall-Signature", matches, matches ? "" : "it is not the HMAC of this secret and body") && good;
  }
  return good ? ExitCode::Ok : ExitCode::Failed;
}

}  // namespace

void add_verify_command(CLI::App& root, Action& chosen) {
  auto* const command = root.add_subcommand("verify", "Check the signatures of a webhook that was received.");
  const auto options = std::make_shared<VerifyOptions>();
  command->add_option("--secret", options->secret, "The webhook's secret.")
      ->type_name("whsec_...")
      ->envname("LIMEHOOK_SECRET");
  command->add_option("--public-key", options->public_key, "The webhook's public key, for v1a signatures.")
      ->type_name("whpk_...");
  command->add_option("--id", options->id, "The webhook-id header.")->type_name("ID");
  command->add_option("--timestamp", options->timestamp, "The webhook-timestamp header.")->type_name("SECONDS");
  command->add_option("--signature", options->signature, "The webhook-signature header.")->type_name("v1,...");
  command->add_option("--limecall-signature", options->limecall_signature, "The X-LimeCall-Signature header.")
      ->type_name("HEX");
  command->add_option("--body-file", options->body_file, "The exact body; - is standard input.")
      ->type_name("FILE")
      ->capture_default_str();
  command->add_flag("--any-age", options->any_age,
                    "Accept timestamps more than five minutes away, as for old requests.");
  command->footer("Exit codes: 0 everything given verifies, 1 something does not, 2 wrong usage.");
  command->callback([options, &chosen] { chosen = [options] { return verify(*options); }; });
}

}  // namespace limehook::app
