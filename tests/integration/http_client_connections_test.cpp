// How connections are shared, limited and given up, and how the sender stops.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <latch>
#include <semaphore>
#include <set>
#include <thread>

#include "http_client_test_client.hpp"
#include "http_client_test_server.hpp"

namespace limehook::http_client::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

// Goal: a webhook's connection is used again, whatever changes about the webhook beside its receiver.
TEST(Connections, AreReusedByTheirWebhook) {
  TestServer server(always(response_text(200, "ok")));
  TestClient client;
  auto webhook = webhook_to(server.url("/0"));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(client.send(webhook).attempt.http_status, 200);
    webhook = std::make_shared<Webhook>(*webhook);
    ++webhook->version;
    webhook->url = server.url(fmt::format("/{}", i));
  }
  EXPECT_EQ(server.connections(), 1);
}

// Goal: no two webhooks share a connection, be they of one team or of two; nor does a webhook that goes to another
// team.
TEST(Connections, BelongToOneWebhook) {
  TestServer server(always(response_text(200, "ok")));
  TestClient client;
  std::vector<std::shared_ptr<Webhook>> webhooks{webhook_to(server.url()), webhook_to(server.url()),
                                                 webhook_to(server.url())};
  webhooks[0]->team_id = webhooks[1]->team_id = "team_001";
  for (int i = 0; i < 5; ++i) {
    for (const auto& webhook : webhooks) EXPECT_EQ(client.send(webhook).attempt.http_status, 200);
  }
  EXPECT_EQ(server.connections(), 3);
  auto moved = std::make_shared<Webhook>(*webhooks[0]);
  moved->version = 8;
  moved->team_id = "team_002";
  EXPECT_EQ(client.send(moved).attempt.http_status, 200);
  EXPECT_EQ(server.connections(), 4);
}

// Goal: what a receiver sends after its answer never becomes the answer to another request, of another webhook or of
// the same. Method: the receiver of /bad says that a 204 has a body, and sends that body late, in the form of an
// answer.
TEST(Connections, LateBytesAreNobodysAnswer) {
  const auto forged = response_text(200, "forged");
  TestServer server([&](Peer& peer) {
    while (const auto request = peer.read_request()) {
      if (request->head.starts_with("POST /good")) {
        peer.write(response_text(500, "honest"));
        continue;
      }
      peer.write(fmt::format("HTTP/1.1 204 No Content\r\nContent-Length: {}\r\n\r\n", forged.size()));
      peer.closed_within(milliseconds(5));
      peer.write(forged);
    }
  });
  TestClient client;
  const auto bad = webhook_to(server.url("/bad"));
  const auto good = webhook_to(server.url("/good"));
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(client.send(bad).attempt.http_status, 204);
    EXPECT_EQ(client.send(good).attempt.response_body, "honest");
  }
  EXPECT_EQ(server.connections(), 10 + 1);
}

// Goal: likewise when the bytes come with a proper answer, or later while the connection rests. Method: the second
// attempt waits for the first one's connection, which is used again in the moment it is free; or it comes later.
TEST(Connections, UnaskedBytesEndTheirUse) {
  for (const bool later : {false, true}) {
    std::counting_semaphore<> sent(0);
    TestServer server([&](Peer& peer) {
      if (!peer.read_request()) return;
      peer.write(response_text(200, "first") + (later ? "" : response_text(200, "forged")));
      if (later) {
        peer.closed_within(milliseconds(5));
        peer.write(response_text(200, "forged"));
      }
      sent.release();
      peer.wait_until_closed();
    });
    auto options = test_options();
    options.connections_max = 1;
    TestClient client(options);
    const auto webhook = webhook_to(server.url());
    for (int i = 0; i < 5; ++i) {
      client.start(webhook);
      if (!later) client.start(webhook);
      for (const auto& result : client.next(later ? 1 : 2)) EXPECT_EQ(result.attempt.response_body, "first");
      sent.acquire();
      if (!later) sent.acquire();
    }
    EXPECT_EQ(server.connections(), later ? 5 : 10);
  }
}

// Goal: a webhook keeps no more connections than it can use at a time.
TEST(Connections, AreKeptUpToALimit) {
  constexpr int kCount = limits::kConcurrencyMax + 20;
  std::latch all_there(kCount);
  std::counting_semaphore<> closed(0);
  TestServer server([&](Peer& peer) {
    if (!peer.read_request()) return;
    all_there.arrive_and_wait();
    peer.write(response_text(200));
    peer.wait_until_closed();
    closed.release();
  });
  TestClient client;
  const auto webhook = webhook_to(server.url());
  for (int i = 0; i < kCount; ++i) client.start(webhook);
  for (const auto& result : client.next(kCount)) EXPECT_EQ(result.attempt.http_status, 200) << result.attempt.error;
  for (int i = 0; i < 20; ++i) closed.acquire();
  EXPECT_FALSE(closed.try_acquire_for(milliseconds(50)));
}

TEST(Connections, AreNotReusedWhenTheReceiverDoesNotWantIt) {
  for (const char* response :
       {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nKeep-Alive: timeout=1\r\n\r\n", "HTTP/1.1 101 Switching\r\n\r\n",
        "HTTP/1.1 204 Fine\r\n\r\nunasked bytes",
        // Framing that the status forbids, or that could be read in two ways.
        "HTTP/1.1 204 Fine\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 204 Fine\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 204 Fine\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 304 Same\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 100 Go\r\nContent-Length: 5\r\n\r\nHTTP/1.1 204 Fine\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n"}) {
    TestServer server(always(response));
    TestClient client;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.send(server.url()).attempt.outcome, AttemptOutcome::Response);
    EXPECT_EQ(server.connections(), 3) << response;
  }
}

TEST(Connections, ServeAtTheSameTime) {
  constexpr int kCount = 50;
  std::latch all_there(kCount);
  TestServer server([&](Peer& peer) {
    while (peer.read_request()) {
      all_there.arrive_and_wait();
      peer.write(response_text(200));
    }
  });
  TestClient client;
  const auto webhook = webhook_to(server.url());
  for (int i = 0; i < kCount; ++i) client.start(webhook);
  std::set<std::int64_t> deliveries;
  for (const auto& result : client.next(kCount)) {
    EXPECT_EQ(result.attempt.http_status, 200) << result.attempt.error;
    deliveries.insert(result.delivery.value);
  }
  EXPECT_EQ(deliveries.size(), static_cast<std::size_t>(kCount));
}

// Goal: a close by the receiver is noticed while the connection is idle. Method: the receiver closes its half and waits
// until the sender has closed the other.
TEST(Connections, ThatTheReceiverClosesAreClosedAtOnce) {
  std::counting_semaphore<> closed(0);
  TestServer server([&](Peer& peer) {
    peer.read_request();
    peer.write(response_text(200));  // says nothing of closing
    peer.end_writing();
    EXPECT_FALSE(peer.read_request().has_value());
    closed.release();
  });
  TestClient client;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.send(server.url()).attempt.outcome, AttemptOutcome::Response);
    closed.acquire();
  }
  EXPECT_EQ(server.connections(), 3);
}

// Goal: a connection that was idle for long is asked whether it lives, and used. Method: the receiver waits that long.
TEST(Connections, AreReusedAfterAPause) {
  std::latch paused(1);
  TestServer server([&](Peer& peer) {
    peer.read_request();
    peer.write(response_text(200));
    EXPECT_FALSE(peer.closed_within(milliseconds(600)));
    paused.count_down();
    while (peer.read_request()) peer.write(response_text(200));
  });
  TestClient client;
  EXPECT_EQ(client.send(server.url()).attempt.http_status, 200);
  paused.wait();
  EXPECT_EQ(client.send(server.url()).attempt.http_status, 200);
  EXPECT_EQ(server.connections(), 1);
}

TEST(Connections, AreClosedAfterTheirIdleTime) {
  std::latch closed(1);
  TestServer server([&](Peer& peer) {
    peer.read_request();
    peer.write(response_text(200));
    peer.wait_until_closed();
    closed.count_down();
  });
  auto options = test_options();
  options.idle_connection_timeout = milliseconds(100);
  TestClient client(options);
  EXPECT_EQ(client.send(server.url()).attempt.http_status, 200);
  closed.wait();
}

// Goal: never more sockets than allowed, and everyone is served. Method: many origins, two connections.
TEST(Connections, StayWithinTheirLimit) {
  std::atomic<int> open = 0, open_max = 0;
  const auto handler = [&](Peer& peer) {
    const int now = ++open;
    for (int seen = open_max; seen < now && !open_max.compare_exchange_weak(seen, now);) {
    }
    while (peer.read_request()) peer.write(response_text(200));
    --open;
  };
  std::vector<std::unique_ptr<TestServer>> servers;
  for (int i = 0; i < 4; ++i) servers.push_back(std::make_unique<TestServer>(handler));
  auto options = test_options();
  options.connections_max = 2;
  TestClient client(options);
  std::vector<WebhookPtr> webhooks;
  for (const auto& server : servers) webhooks.push_back(webhook_to(server->url()));
  for (int i = 0; i < 100; ++i) client.start(webhooks[static_cast<std::size_t>(i) % webhooks.size()]);
  for (const auto& result : client.next(100)) EXPECT_EQ(result.attempt.http_status, 200) << result.attempt.error;
  // The receiver notices a close a little later than the sender makes it.
  EXPECT_LE(open_max, 2 + 4);
}

TEST(Connections, ThoseWhoGetNoneInTimeAreTold) {
  TestServer hanging([](Peer& peer) { peer.wait_until_closed(); });
  TestServer good(always(response_text(200)));
  auto options = test_options();
  options.connections_max = 1;
  TestClient client(options);
  client.start(webhook_to(hanging.url(), milliseconds(500)));
  client.start(webhook_to(good.url(), milliseconds(150)));
  client.start(webhook_to(good.url(), seconds(20)));
  const auto results = client.next(3);
  EXPECT_EQ(results[0].delivery, DeliveryId{2});
  EXPECT_EQ(results[0].attempt.outcome, AttemptOutcome::Internal);
  EXPECT_THAT(results[0].attempt.error, HasSubstr("no connection became free in time"));
  EXPECT_EQ(results[1].attempt.outcome, AttemptOutcome::Timeout);
  EXPECT_EQ(results[2].attempt.http_status, 200);
}

// Goal: without descriptors idle connections are given up, attempts wait for one as long as they may and then fail in
// words, and all is well afterwards.
TEST(Connections, RunningOutOfDescriptorsIsSurvived) {
  std::latch idle_closed(1);
  TestServer first([&](Peer& peer) {
    peer.read_request();
    peer.write(response_text(200));
    peer.wait_until_closed();
    idle_closed.count_down();
  });
  TestServer second(always(response_text(200)));
  TestClient client;
  EXPECT_EQ(client.send(first.url()).attempt.http_status, 200);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit none = limit;
  none.rlim_cur = 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  client.start(webhook_to(second.url(), seconds(20)));
  client.start(webhook_to(second.url(), milliseconds(200)));
  const auto hurried = client.next(1).front();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(hurried.attempt.outcome, AttemptOutcome::Internal);
  EXPECT_EQ(hurried.attempt.error, "no file descriptor became free in time");
  idle_closed.wait();
  EXPECT_EQ(client.next(1).front().attempt.http_status, 200);
}

// Goal: stop() ends everything, every attempt has exactly one callback, and late ones are answered. Method: attempts
// in every phase (answered, hanging, resolving, queued), started by several threads while it stops.
TEST(Stopping, AnswersEveryAttemptOnce) {
  TestServer good(always(response_text(200)));
  TestServer hanging([](Peer& peer) { peer.wait_until_closed(); });
  // Shared, because a lookup under way outlives its sender.
  const auto release = std::make_shared<std::latch>(1);
  std::atomic<int> started = 0, finished = 0, answered = 0;
  auto options = test_options();
  options.threads = 2;
  options.connections_max = 20;
  options.look_up = [release](const std::string&) {
    release->wait();
    return Resolution{{}, "late", false};
  };
  auto sender = HttpSender::create(std::move(options), [&](const AttemptResult& result) {
                  ++finished;
                  if (result.attempt.outcome == AttemptOutcome::Response) {
                    ++answered;
                  } else {
                    EXPECT_EQ(result.attempt.outcome, AttemptOutcome::Internal);
                    EXPECT_EQ(result.attempt.error, "stopped");
                  }
                }).value();
  const WebhookPtr webhooks[] = {webhook_to(good.url()), webhook_to(hanging.url()), webhook_to("http://slow.example/")};
  const auto body = std::make_shared<const std::string>(kBody);
  std::vector<std::thread> starters;
  for (int t = 0; t < 2; ++t) {
    starters.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        const auto& webhook = webhooks[i % 10 == 0 ? 1 : i % 10 == 1 ? 2 : 0];
        sender->start({.delivery = DeliveryId{++started}, .number = 1, .webhook = webhook, .body = body});
      }
    });
  }
  while (answered < 50) std::this_thread::yield();
  sender->stop();
  for (auto& starter : starters) starter.join();
  EXPECT_EQ(finished, started);
  release->count_down();
}

TEST(Stopping, CanBeDoneTwiceAndWithoutWork) {
  TestClient client;
  client.sender().stop();
  client.sender().stop();
  const auto result = client.send("http://127.0.0.1:1/");
  EXPECT_EQ(result.attempt.error, "stopped");
  EXPECT_EQ(result.attempt.number, 2);
}

// Goal: starting the next attempt from the callback of the last is allowed and does not grow the stack.
TEST(Starting, FromTheCallback) {
  TestServer server(always(response_text(200)));
  constexpr int kCount = 3000;
  std::atomic<int> finished = 0;
  std::latch all(1);
  HttpSender* sender = nullptr;
  const auto webhook = webhook_to(server.url());
  const auto body = std::make_shared<const std::string>(kBody);
  const auto start = [&](int number) {
    sender->start({.delivery = DeliveryId{number}, .number = 1, .webhook = webhook, .body = body});
  };
  const auto owner = HttpSender::create(test_options(), [&](const AttemptResult&) {
                       if (++finished < kCount) return start(finished + 1);
                       all.count_down();
                     }).value();
  sender = owner.get();
  start(1);
  all.wait();
  EXPECT_EQ(finished, kCount);
  EXPECT_EQ(server.connections(), 1);
}

// Goal: receivers beyond those that are remembered make room for each other: each is tried, and one that is in use
// keeps its connection. Method: more closed ports than there is room for, on addresses of their own.
TEST(Connections, ReceiversMakeRoomForOthers) {
  constexpr int kReceivers = 8192 + 100;
  TestServer server(always(response_text(200)));
  TestClient client;
  for (int i = 0; i < kReceivers; ++i) {
    const auto url = fmt::format("http://127.1.{}.{}:1/", i / 250, 1 + i % 250);
    const auto attempt = client.send(url).attempt;
    ASSERT_EQ(attempt.outcome, AttemptOutcome::ConnectFailed) << url << attempt.error;
    if (i % 500 == 0) ASSERT_EQ(client.send(server.url()).attempt.http_status, 200);
  }
  EXPECT_EQ(client.send(server.url()).attempt.http_status, 200);
  EXPECT_EQ(server.connections(), 1);
}

}  // namespace
}  // namespace limehook::http_client::testing
