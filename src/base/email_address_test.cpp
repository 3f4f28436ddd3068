#include "base/email_address.hpp"

#include <gtest/gtest.h>

namespace limehook {
namespace {

// Goal: the addresses that people have are taken. Method: examples of each allowed form.
TEST(EmailAddress, TakesOrdinaryOnes) {
  for (const std::string& text :
       {std::string("ops@example.com"), std::string("first.last+tag@mail.example.co.uk"), std::string("root@localhost"),
        std::string("o'neil_99@xn--bcher-kva.example"), std::string(64, 'a') + "@example.com"}) {
    EXPECT_EQ(email_problem(text), std::nullopt) << text;
  }
}

// Goal: nothing passes that could break a header or an SMTP command, or goes to nobody. Method: one fault each.
TEST(EmailAddress, RefusesTheRest) {
  for (const std::string& text : {std::string(),
                                  std::string("ops"),
                                  std::string("@example.com"),
                                  std::string("ops@"),
                                  std::string("a@b@c"),
                                  std::string("a@b.c\r\nBcc: x@y.z"),
                                  std::string("a b@example.com"),
                                  std::string("a@exa mple.com"),
                                  std::string("<a@example.com>"),
                                  std::string("A <a@example.com>"),
                                  std::string("a,b@example.com"),
                                  std::string(".a@example.com"),
                                  std::string("a..b@example.com"),
                                  std::string("a.@example.com"),
                                  std::string("a@.example.com"),
                                  std::string("a@example..com"),
                                  std::string("a@example.com."),
                                  std::string("a@-example.com"),
                                  std::string("a@example-.com"),
                                  std::string("a@[127.0.0.1]"),
                                  std::string("\"a b\"@example.com"),
                                  std::string("jörg@example.com"),
                                  std::string("a@bücher.example"),
                                  std::string("a\0b@example.com", 15),
                                  std::string(65, 'a') + "@example.com",
                                  "a@" + std::string(64, 'b') + ".com",
                                  "a@" + std::string(63, 'b') + "." + std::string(63, 'c') + "." +
                                      std::string(63, 'd') + "." + std::string(63, 'e')}) {
    EXPECT_NE(email_problem(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace limehook
