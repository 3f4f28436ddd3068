#include "app/test_receiver_address.hpp"

#include <gtest/gtest.h>

namespace limehook::app {
namespace {

const std::string kId = "rcv_" + std::string(43, 'a');

// Goal: whatever the server listens on, receivers are where it answers itself; with TLS where its certificate is for.
TEST(TestReceiverAddress, IsWhereTheServerAnswers) {
  struct Case {
    std::string address;
    bool tls;
    std::string public_url;
    std::string origin;  // empty: there is none
    bool exempt;
  };
  for (const Case& c : {Case{"127.0.0.1:8080", false, "", "http://127.0.0.1:8080", true},
                        {"127.0.0.1:8080", false, "https://hooks.example.com", "http://127.0.0.1:8080", true},
                        {"0.0.0.0:80", false, "", "http://127.0.0.1:80", true},
                        {"[::]:8080", false, "", "http://[::1]:8080", true},
                        {"[::1]:8080", false, "", "http://[::1]:8080", true},
                        {"10.1.2.3:8080", false, "", "http://10.1.2.3:8080", true},
                        {"[fe80::1%eth0]:8080", false, "", "", false},
                        {"127.0.0.1:8443", true, "https://hooks.example.com", "https://hooks.example.com", false},
                        {"127.0.0.1:8443", true, "http://hooks.example.com", "", false},
                        {"127.0.0.1:8443", true, "", "", false}}) {
    SCOPED_TRACE(c.address + " " + c.public_url);
    Config config;
    config.public_url = c.public_url;
    if (c.tls) config.tls_cert = "cert.pem";
    const auto urls = test_receiver_urls(config, c.address);
    ASSERT_EQ(urls.has_value(), !c.origin.empty());
    if (!urls) continue;
    EXPECT_EQ(urls->url_of(kId), c.origin + "/test-receiver/" + kId);
    EXPECT_EQ(urls->exempts(urls->url_of(kId)), c.exempt);
  }
}

}  // namespace
}  // namespace limehook::app
