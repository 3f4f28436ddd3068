#include "http_server/answer_writer.hpp"

#include <gmock/gmock.h>

namespace limehook::http_server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Goal: pages get a strict policy and nothing is cached, unless a handler has said otherwise.
TEST(AnswerWriter, LetsHandlersOverrideWhatItAdds) {
  const AnswerWriter writer("Test");
  const auto page = writer.render({200, "text/html; charset=utf-8", "x", {}}, {});
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy: default-src 'none'; "));
  EXPECT_THAT(page, HasSubstr("Cache-Control: no-store\r\n"));
  const auto own = writer.render(
      {200, "text/html", "x", {{"content-security-policy", "default-src 'self'"}, {"cache-control", "max-age=60"}}},
      {});
  EXPECT_THAT(own, Not(HasSubstr("default-src 'none'")));
  EXPECT_THAT(own, Not(HasSubstr("no-store")));
  EXPECT_THAT(own, Not(HasSubstr("X-Frame-Options")));
  EXPECT_THAT(page, HasSubstr("X-Frame-Options: DENY\r\n"));
  EXPECT_THAT(writer.render({200, "application/json", "{}", {}}, {}), Not(HasSubstr("Content-Security-Policy")));
}

TEST(AnswerWriter, SendsNoBodyWhereThereIsNone) {
  const AnswerWriter writer("Test");
  EXPECT_THAT(writer.render({204, "", "", {}}, {}),
              AllOf(Not(HasSubstr("Content-Type:")), Not(HasSubstr("Content-Length:"))));
  EXPECT_TRUE(writer.render({200, "text/plain", "abc", {}}, {.head_only = true}).ends_with("\r\n\r\n"));
  EXPECT_THAT(writer.render({200, "text/plain", "abc", {}}, {.keep_alive = false}), HasSubstr("Connection: close\r\n"));
}

}  // namespace
}  // namespace limehook::http_server
