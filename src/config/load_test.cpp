#include "config/load.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "config/flags.hpp"

namespace limehook::config {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class LoadConfig : public testing::Test {
 protected:
  LoadConfig() {
    std::string pattern = (std::filesystem::temp_directory_path() / "limehook-config-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~LoadConfig() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& content) const {
    const auto path = folder_ / "limehook.toml";
    std::ofstream(path) << content;
    return path.string();
  }
  Loaded load() const { return load_config(sources_).value(); }
  std::string error() const {
    const auto loaded = load_config(sources_);
    return loaded ? "no error" : loaded.error();
  }

  Sources sources_;
  std::filesystem::path folder_;
};

// Goal: the table's words about defaults are what a Config without sources holds. Method: apply every default text
// that is a value to an empty Config and compare.
TEST_F(LoadConfig, TheTableTellsTheRealDefaults) {
  const auto defaults = load().config;
  Config applied;
  applied.listen = {};
  applied.data.clear();
  applied.retry_schedule.clear();
  applied.timeout = applied.connect_timeout = applied.retention = Duration(0);
  applied.memory_bytes_max = 0;
  for (const auto& option : options()) {
    if (option.default_text.empty() || option.default_text.find(' ') != std::string_view::npos) continue;
    EXPECT_EQ(option.apply(applied, option.default_text), std::nullopt) << option.name;
  }
  EXPECT_EQ(applied.listen, defaults.listen);
  EXPECT_EQ(applied.data, defaults.data);
  EXPECT_EQ(applied.retry_schedule, defaults.retry_schedule);
  EXPECT_EQ(applied.timeout, defaults.timeout);
  EXPECT_EQ(applied.connect_timeout, defaults.connect_timeout);
  EXPECT_EQ(applied.retention, defaults.retention);
  EXPECT_EQ(applied.retention_bytes, defaults.retention_bytes);
  EXPECT_EQ(applied.memory_bytes_max, defaults.memory_bytes_max);
  EXPECT_EQ(applied.log_level, defaults.log_level);
  EXPECT_EQ(applied.log_format, defaults.log_format);
  EXPECT_FALSE(defaults.admin_key);
  EXPECT_FALSE(defaults.allow_http);
}

TEST_F(LoadConfig, FlagsWinOverVariablesWinOverTheFile) {
  sources_.flags["config"] = {write("timeout = '1s'\nretention = '1d'\nlog_level = 'debug'\n")};
  sources_.variables = {{"LIMEHOOK_TIMEOUT", "2s"}, {"LIMEHOOK_RETENTION", "2d"}, {"LIMEHOOK_LOG_LEVEL", ""}};
  sources_.flags["timeout"] = {"3s"};
  const auto config = load().config;
  EXPECT_EQ(config.timeout, 3s);
  EXPECT_EQ(config.retention, std::chrono::days(2));
  EXPECT_EQ(config.log_level, LogLevel::Debug) << "an empty variable counts as not set";
}

TEST_F(LoadConfig, AFileHasEveryKindOfValue) {
  sources_.variables["LIMEHOOK_CONFIG"] = write(
      "listen = '[::1]:0'\nallow_http = true\nallow_net = ['10.0.0.0/8', '::1']\nallow_port = [25, "
      "6379]\nretry_schedule = ['1s', '2s']\n"
      "timeout = 20\nretention_size = '20GB'\nsender_threads = 4\nlog_format = 'json'\nadmin_key = 'k'\n");
  const auto config = load().config;
  EXPECT_EQ(config.listen, (ListenAddress{"::1", 0}));
  EXPECT_TRUE(config.allow_http);
  EXPECT_THAT(config.allow_nets, ElementsAre("10.0.0.0/8", "::1/128"));
  EXPECT_THAT(config.allow_ports, ElementsAre(25, 6379));
  EXPECT_THAT(config.retry_schedule, ElementsAre(1s, 2s));
  EXPECT_EQ(config.timeout, 20s);
  EXPECT_EQ(config.retention_bytes, 20'000'000'000U);
  EXPECT_EQ(config.sender_threads, 4);
  EXPECT_EQ(config.log_format, LogFormat::Json);
  EXPECT_EQ(config.admin_key, "k");
}

TEST_F(LoadConfig, AHigherSourceReplacesAWholeList) {
  sources_.variables["LIMEHOOK_ALLOW_NET"] = "10.0.0.0/8,127.0.0.0/8";
  EXPECT_THAT(load().config.allow_nets, ElementsAre("10.0.0.0/8", "127.0.0.0/8"));
  sources_.flags["allow-net"] = {"::1", "192.168.0.0/16"};
  EXPECT_THAT(load().config.allow_nets, ElementsAre("::1/128", "192.168.0.0/16"));
}

// Goal: one sentence that names the place and what belongs there. Method: one wrong value per source.
TEST_F(LoadConfig, AWrongValueIsNamedByItsSource) {
  sources_.variables["LIMEHOOK_TIMEOUT"] = "soon";
  EXPECT_THAT(error(), AllOf(StartsWith("LIMEHOOK_TIMEOUT: \"soon\" is not a duration"), HasSubstr("expected")));
  sources_.variables.clear();
  sources_.flags["timeout"] = {"2m"};
  EXPECT_EQ(error(), "--timeout: 2m is out of range; expected 100ms to 1m");
  sources_.flags.clear();
  const auto file = write("# first line\nlog_level = 'loud'\n");
  sources_.flags["config"] = {file};
  EXPECT_EQ(error(), file + ":2: log_level: \"loud\" is not known; expected one of trace, debug, info, warning, error");
}

TEST_F(LoadConfig, AWrongValueCountsAlsoWhereAHigherSourceWins) {
  sources_.variables["LIMEHOOK_LISTEN"] = "nowhere";
  sources_.flags["listen"] = {"127.0.0.1:0"};
  EXPECT_THAT(error(), StartsWith("LIMEHOOK_LISTEN: "));
}

TEST_F(LoadConfig, AnUnknownKeyIsAnError) {
  const auto file = write("retry-schedule = '1m'\n");
  sources_.flags["config"] = {file};
  EXPECT_EQ(error(), file + ":1: retry-schedule: is no option; did you mean retry_schedule?");
  write("[server]\nport = 1\n");
  EXPECT_THAT(error(), EndsWith("server: is no option; `limehook serve --help` lists all"));
}

TEST_F(LoadConfig, ABadFileIsAnError) {
  sources_.flags["config"] = {(folder_ / "missing.toml").string()};
  EXPECT_THAT(error(), HasSubstr("missing.toml: cannot be read"));
  sources_.flags["config"] = {folder_.string()};
  EXPECT_THAT(error(), HasSubstr(": cannot be read"));
  sources_.flags["config"] = {write("listen = \n")};
  EXPECT_THAT(error(), HasSubstr("limehook.toml:1: is not TOML"));
  sources_.flags["config"] = {write("timeout = 1.5\n")};
  EXPECT_THAT(error(), HasSubstr("timeout: has the wrong type"));
  sources_.flags["config"] = {write("timeout = ['1s']\n")};
  EXPECT_THAT(error(), HasSubstr("timeout: has the wrong type"));
}

TEST_F(LoadConfig, AByteOrderMarkIsPassedOverAndUtf16Named) {
  sources_.flags["config"] = {write("\xEF\xBB\xBFlisten = \"127.0.0.1:7\"\n")};
  EXPECT_EQ(error(), "no error");
  for (const char* mark : {"\xFF\xFE", "\xFE\xFF"}) {
    sources_.flags["config"] = {write(mark + std::string("l\0", 2))};
    EXPECT_THAT(error(), HasSubstr("is UTF-16 text; save it as UTF-8"));
  }
}

TEST_F(LoadConfig, AnEmptyFileAndAnEmptyListChangeNothing) {
  sources_.flags["config"] = {write("")};
  EXPECT_EQ(load().config.timeout, 15s);
  sources_.flags["config"] = {write("allow_net = []\n")};
  EXPECT_TRUE(load().config.allow_nets.empty());
}

TEST_F(LoadConfig, UnknownVariablesAreWarnings) {
  sources_.variables = {{"LIMEHOOK_KEY", "k"}, {"LIMEHOOK_SERVER", "s"}, {"LIMEHOOK_TIMEOUTS", "1s"}};
  EXPECT_THAT(load().warnings, ElementsAre(HasSubstr("LIMEHOOK_TIMEOUTS")));
}

TEST_F(LoadConfig, TheDatabaseIsReserved) {
  sources_.flags["database"] = {"postgres://localhost/limehook"};
  EXPECT_THAT(error(), StartsWith("--database: this version has the embedded store only"));
}

TEST_F(LoadConfig, AnErrorNeverShowsTheKey) {
  sources_.variables["LIMEHOOK_ADMIN_KEY"] = "top secret";
  EXPECT_THAT(error(), AllOf(StartsWith("LIMEHOOK_ADMIN_KEY: "), testing::Not(HasSubstr("top secret"))));
}

TEST_F(LoadConfig, ConnectingNeverTakesLongerThanAnAttempt) {
  sources_.flags["timeout"] = {"3s"};
  EXPECT_EQ(load().config.connect_timeout, 3s);
  sources_.variables["LIMEHOOK_CONNECT_TIMEOUT"] = "4s";
  EXPECT_THAT(error(), StartsWith("LIMEHOOK_CONNECT_TIMEOUT: 4s is longer than the whole attempt may take"));
}

TEST_F(LoadConfig, ConnectionsFitTheDescriptors) {
  sources_.descriptors_max = 1024;
  EXPECT_EQ(load().config.connections_max, 960U);
  EXPECT_EQ(load().config.in_flight_max, 480U);
  sources_.descriptors_max = 1'000'000;
  EXPECT_EQ(load().config.connections_max, 16'384U);
  EXPECT_EQ(load().config.in_flight_max, 1024U);
  sources_.descriptors_max = 79;
  EXPECT_THAT(error(), HasSubstr("expected a limit of at least 80"));
  sources_.descriptors_max = 1024;
  sources_.flags["connections-max"] = {"961"};
  EXPECT_THAT(error(), AllOf(StartsWith("--connections-max: 961"), HasSubstr("at most 960")));
  sources_.flags["connections-max"] = {"100"};
  sources_.flags["in-flight-max"] = {"101"};
  EXPECT_THAT(error(), StartsWith("--in-flight-max: 101 attempts"));
}

// Goal: settings of the mail server that cannot work together end the start and are named. Method: one fault each.
TEST_F(LoadConfig, TheMailServersOptionsFitTogether) {
  sources_.variables = {{"LIMEHOOK_SMTP_URL", "smtps://mail.example.com"},
                        {"LIMEHOOK_SMTP_USER", "limehook"},
                        {"LIMEHOOK_SMTP_PASSWORD", "hidden"},
                        {"LIMEHOOK_SMTP_FROM", "limehook@example.com"},
                        {"LIMEHOOK_SMTP_TO", "a@example.com,b@example.com"}};
  const auto config = load().config;
  EXPECT_EQ(config.smtp->host, "mail.example.com");
  EXPECT_EQ(config.smtp_user, "limehook");
  EXPECT_EQ(config.smtp_password, "hidden");
  EXPECT_EQ(config.smtp_from, "limehook@example.com");
  EXPECT_THAT(config.smtp_to, ElementsAre("a@example.com", "b@example.com"));

  const auto all = sources_.variables;
  sources_.variables.erase("LIMEHOOK_SMTP_URL");
  EXPECT_THAT(error(), AllOf(StartsWith("LIMEHOOK_SMTP_USER: "), HasSubstr("expected --smtp-url")));
  sources_.variables = all;
  sources_.variables.erase("LIMEHOOK_SMTP_FROM");
  EXPECT_THAT(error(), AllOf(StartsWith("LIMEHOOK_SMTP_URL: "), HasSubstr("expected --smtp-from")));
  sources_.variables = all;
  sources_.variables.erase("LIMEHOOK_SMTP_USER");
  EXPECT_THAT(error(), AllOf(StartsWith("LIMEHOOK_SMTP_PASSWORD: "), testing::Not(HasSubstr("hidden"))));
  sources_.variables = all;
  sources_.flags["smtp-url"] = {"smtp://mail.example.com?tls=none"};
  EXPECT_THAT(error(), StartsWith("--smtp-url: the password would be sent unencrypted"));
  sources_.flags["smtp-url"] = {"smtp://127.0.0.1:25"};
  EXPECT_TRUE(load().config.smtp);
  sources_.flags["smtp-from"] = {"nobody"};
  EXPECT_THAT(error(), StartsWith("--smtp-from: \"nobody\" must be an e-mail address"));
}

TEST_F(LoadConfig, TheCaFileMustBeReadable) {
  sources_.flags["ca-file"] = {(folder_ / "none.pem").string()};
  EXPECT_THAT(error(), HasSubstr("cannot be read"));
  sources_.flags["ca-file"] = {write("certificates")};
  EXPECT_EQ(load().config.ca_file, folder_ / "limehook.toml");
}

// Goal: secrets come from files too, with and without a line break; a file for all is refused. Method: one file.
TEST_F(LoadConfig, SecretsMayComeFromFiles) {
  const auto file = write("the-secret-key\nsecond line");
  std::filesystem::permissions(file, std::filesystem::perms(0600));
  sources_.flags["admin-key-file"] = {file};
  sources_.variables = {{"LIMEHOOK_OIDC_CLIENT_SECRET_FILE", file}, {"LIMEHOOK_OIDC_ISSUER", "https://id.example.com"},
                        {"LIMEHOOK_OIDC_CLIENT_ID", "limehook"},    {"LIMEHOOK_SMTP_PASSWORD_FILE", file},
                        {"LIMEHOOK_SMTP_USER", "limehook"},         {"LIMEHOOK_SMTP_URL", "smtps://mail.example.com"},
                        {"LIMEHOOK_SMTP_FROM", "a@example.com"}};
  const auto config = load().config;
  EXPECT_EQ(config.admin_key, "the-secret-key");
  EXPECT_EQ(config.smtp_password, "the-secret-key");
  EXPECT_EQ(config.oidc_client_secret, "the-secret-key");

  sources_.flags["admin-key"] = {"another"};
  EXPECT_EQ(error(), "--admin-key-file: the same is given by --admin-key; expected one of the two");
  sources_.flags.erase("admin-key");
  for (const unsigned mode : {0640U, 0604U, 0644U, 0620U}) {
    std::filesystem::permissions(file, std::filesystem::perms(mode));
    EXPECT_THAT(error(), HasSubstr("may be read by others")) << mode;
  }
  for (const auto* text : {"", "\n", "\nsecond"}) {
    std::filesystem::permissions(write(text), std::filesystem::perms(0600));
    EXPECT_THAT(error(), HasSubstr("has an empty first line")) << text;
  }
  static_cast<void>(write("with space\n"));
  EXPECT_THAT(error(), AllOf(HasSubstr("this key cannot be used"), testing::Not(HasSubstr("with space"))));
  sources_.flags["admin-key-file"] = {"/nowhere"};
  EXPECT_EQ(error(),
            "--admin-key-file: \"/nowhere\" cannot be read; expected a file with the secret in its first line");
  sources_.flags["admin-key-file"] = {"/tmp"};
  EXPECT_THAT(error(), HasSubstr("cannot be read"));
}

// Goal: single sign-on is whole or not at all. Method: each part of the three left out; a name alone.
TEST_F(LoadConfig, SingleSignOnIsAllOrNothing) {
  EXPECT_EQ(load().config.oidc_issuer, "");
  EXPECT_EQ(load().config.oidc_name, "Single sign-on");
  const std::map<std::string, std::string> all{
      {"oidc-issuer", "https://id.example.com"}, {"oidc-client-id", "limehook"}, {"oidc-client-secret", "hidden"}};
  for (const auto& [left_out, unused] : all) {
    sources_.flags.clear();
    for (const auto& [name, value] : all) {
      if (name != left_out) sources_.flags[name] = {value};
    }
    EXPECT_THAT(error(),
                AllOf(HasSubstr("go together; expected --" + left_out + " too"), testing::Not(HasSubstr("hidden"))));
  }
  sources_.flags[all.rbegin()->first] = {all.rbegin()->second};
  sources_.flags["oidc-name"] = {"Example Inc."};
  const auto config = load().config;
  EXPECT_EQ(config.oidc_issuer, "https://id.example.com");
  EXPECT_EQ(config.oidc_client_id, "limehook");
  EXPECT_EQ(config.oidc_client_secret, "hidden");
  EXPECT_EQ(config.oidc_name, "Example Inc.");
  sources_.flags = {{"oidc-name", {"Example Inc."}}};
  EXPECT_THAT(error(), StartsWith("--oidc-name: "));
}

TEST(Flags, EveryOptionIsAFlagAndInTheHelp) {
  CLI::App command;
  add_flags(command);
  const auto help = command.help();
  for (const auto& option : options()) {
    EXPECT_THAT(help, HasSubstr(option.flag()));
    EXPECT_THAT(help, HasSubstr(option.variable()));
  }
}

TEST(Flags, RepeatedAndSeparatedValuesArrive) {
  CLI::App command;
  add_flags(command);
  command.parse("--allow-net 10.0.0.0/8 --allow-http --allow-net=::1,127.0.0.0/8 --retry-schedule 1m,5m --timeout 2s");
  const auto flags = given_flags(command);
  EXPECT_THAT(flags.at("allow-net"), ElementsAre("10.0.0.0/8", "::1,127.0.0.0/8"));
  EXPECT_THAT(flags.at("allow-http"), ElementsAre("true"));
  EXPECT_THAT(flags.at("retry-schedule"), ElementsAre("1m,5m"));
  EXPECT_EQ(flags.size(), 4U);
}

TEST(Flags, ASingleValueGivenTwiceIsRefused) {
  CLI::App command;
  add_flags(command);
  EXPECT_THROW(command.parse("--timeout 2s --timeout 3s"), CLI::ParseError);
}

TEST(Variables, OnlyOursAreTaken) {
  const std::array<const char*, 4> environment{"PATH=/bin", "LIMEHOOK_KEY=a=b", "LIMEHOOK_X", nullptr};
  const auto variables = limehook_variables(environment.data());
  ASSERT_EQ(variables.size(), 1U);
  EXPECT_EQ(variables.at("LIMEHOOK_KEY"), "a=b");
}

}  // namespace
}  // namespace limehook::config
