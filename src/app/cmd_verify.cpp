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
  std::string id;
  std::string timestamp;
  std::string signature;
  std::string limecall_signature;
  std::string body_file = "-";
  bool any_age = false;
};

// With --any-age a timestamp is compared with itself. One that is no number fails in verify_standard() all the same.
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

ExitCode verify(const VerifyOptions& options) {
  const auto problem = signing::secret_problem(options.secret);
  const bool standard_wanted = !options.signature.empty() || !options.id.empty() || !options.timestamp.empty();
  if (problem) print_error("--secret: " + *problem);
  if (!standard_wanted && options.limecall_signature.empty()) {
    print_error("nothing to verify: give --id, --timestamp and --signature, or --limecall-signature");
  }
  if (problem || (!standard_wanted && options.limecall_signature.empty())) return ExitCode::Usage;
  const auto body = read_input(options.body_file);
  if (!body) {
    print_error("--body-file: " + body.error());
    return ExitCode::Usage;
  }
  bool good = true;
  if (standard_wanted) {
    const auto verified = signing::verify_standard(options.secret, options.id, options.timestamp, options.signature,
                                                   *body, time_to_compare(options));
    good = say("webhook-signature", verified.has_value(), verified ? "" : signing::text_of(verified.error()));
  }
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
      ->envname("LIMEHOOK_SECRET")
      ->required();
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
