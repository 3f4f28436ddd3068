#pragma once
// Every fixed limit of the product, in one place and checked against each other. Limits that an operator may
// change are in config/config.hpp.

#include <chrono>
#include <cstddef>

namespace limehook::limits {

using namespace std::chrono_literals;

// Spec section 5.
inline constexpr std::size_t kEventBytesMax = 256 * 1024;
inline constexpr std::size_t kBatchBytesMax = 5 * 1024 * 1024;
inline constexpr std::size_t kBatchEventsMax = 1000;
inline constexpr std::size_t kIdempotencyKeyBytesMax = 255;
inline constexpr auto kIdempotencyWindow = 24h;
inline constexpr std::size_t kPageDefault = 50;
inline constexpr std::size_t kPageMax = 500;
inline constexpr std::size_t kPageBytesMax = 4 * 1024 * 1024;  // of the payloads on a page
inline constexpr std::size_t kSearchTermCharactersMax = 255;   // as long as a call id may be
inline constexpr std::size_t kRowsExaminedMax = 50'000;        // for one page

// Statistics. A series of a webhook's minutes begins at most so long ago; they are kept for longer, so it is whole.
inline constexpr auto kStatsMinutesShown = 2h;
inline constexpr auto kStatsMinutesKept = 3h;
static_assert(kStatsMinutesKept >= kStatsMinutesShown + 1h);

// Polling (GET /v1/webhooks/{id}/events).
inline constexpr auto kPollWaitMax = 30s;
inline constexpr std::size_t kPollWaitersMax = 1000;
inline constexpr std::size_t kPollWaitersPerWebhookMax = 20;

// Live updates (GET /v1/updates).
inline constexpr auto kUpdateGather = 20ms;     // from the first change after a rest until it is told
inline constexpr auto kUpdateInterval = 500ms;  // between two messages
inline constexpr auto kUpdateKeepAlive = 15s;
inline constexpr std::size_t kUpdateStreamsMax = 1000;
inline constexpr std::size_t kUpdateStreamsPerCallerMax = 16;

// Spec section 4.
inline constexpr std::size_t kRetryStepsMax = 20;
inline constexpr auto kRetryStepMin = 1s;
inline constexpr auto kRetryStepMax = 24h;
inline constexpr auto kRetryAfterMax = 24h;
inline constexpr std::size_t kResponseBodyBytesMax = 16 * 1024;
inline constexpr std::size_t kResponseHeadBytesMax = 16 * 1024;
inline constexpr auto kConnectTimeout = 5s;
inline constexpr auto kAttemptTimeout = 15s;
inline constexpr auto kAttemptTimeoutMin = 100ms;
inline constexpr auto kAttemptTimeoutMax = 60s;
inline constexpr int kConcurrencyDefault = 8;
inline constexpr int kConcurrencyMax = 100;
inline constexpr int kTestsPerTeamMax = 8;     // at once; they pass a webhook's own limits
inline constexpr double kRateLimitMin = 0.01;  // attempts per second
inline constexpr double kRateLimitMax = 10'000;
inline constexpr std::size_t kNotifyEmailsMax = 10;
inline constexpr auto kSecretOverlap = 24h;
inline constexpr auto kSecretOverlapMax = std::chrono::hours(24 * 30);
inline constexpr std::size_t kPreviousSecretsMax = 5;  // that sign beside the current one

// Webhooks.
inline constexpr std::size_t kNameCharactersMax = 200;
inline constexpr std::size_t kUrlBytesMax = 2048;
inline constexpr std::size_t kHeadersMax = 20;
inline constexpr std::size_t kHeaderBytesMax = 4096;
inline constexpr std::size_t kTokenBytesMax = 1024;
inline constexpr std::size_t kPemBytesMax = 32 * 1024;
inline constexpr std::size_t kNumbersMax = 1000;
inline constexpr std::size_t kFilterConditionsMax = 50;
inline constexpr std::size_t kFilterValuesMax = 1000;
inline constexpr std::size_t kFilterNumberCharactersMax = 100;
inline constexpr std::size_t kFilterPathDepthMax = 8;
inline constexpr std::size_t kPayloadFieldsMax = 100;
inline constexpr std::size_t kTemplateBytesMax = 64 * 1024;
inline constexpr std::size_t kPlaceholdersMax = 200;
inline constexpr std::size_t kShapedBytesMax = 512 * 1024;  // of a body that a webhook's payload setting makes
inline constexpr std::size_t kTeamIdCharactersMax = 128;
// What a team can make by itself; an admin can make more for it.
inline constexpr std::size_t kWebhooksPerTeamMax = 1000;
inline constexpr std::size_t kNumbersPerTeamMax = 100'000;
inline constexpr std::size_t kKeysPerTeamMax = 1000;
inline constexpr std::size_t kLinksPerTeamMax = 1000;  // invitations and portals that are still open

// Test receivers.
inline constexpr std::size_t kTestReceiversPerTeamMax = 20;
inline constexpr std::size_t kTestRequestsKept = 50;
inline constexpr std::size_t kTestRequestBodyBytesMax = 64 * 1024;  // kept of one; more is received
inline constexpr std::size_t kTestRequestBytesMax = 16 * 1024 * 1024;
inline constexpr auto kTestReceiverDelayMax = 30s;
inline constexpr std::size_t kTestReceiverSlowMax = 32;  // delayed answers at once

// People.
inline constexpr std::size_t kEmailBytesMax = 254;
inline constexpr std::size_t kPasswordFieldBytesMax = 1024;
inline constexpr std::size_t kMembershipsMax = 100;
inline constexpr std::size_t kSessionsPerUserMax = 20;
inline constexpr auto kSetupLinkValid = 24h;
inline constexpr auto kInvitationValid = std::chrono::hours(24 * 7);
inline constexpr auto kResetLinkValid = 1h;
inline constexpr auto kPortalLinkValid = 5min;
inline constexpr auto kPortalSession = 1h;

// JSON.
inline constexpr std::size_t kJsonDepthMax = 32;

// HTTP server.
inline constexpr std::size_t kRequestHeadBytesMax = 16 * 1024;
inline constexpr std::size_t kWebhookBodyBytesMax = 256 * 1024;
inline constexpr std::size_t kRequestHeadersMax = 100;
inline constexpr auto kTlsHandshakeTimeout = 10s;
inline constexpr auto kRequestHeadTimeout = 10s;  // also of a new connection's wait for its first byte
inline constexpr auto kRequestBodyTimeout = 30s;
inline constexpr auto kRequestBodyGrace = 5s;  // from then on a body must have come at this rate on average:
inline constexpr std::size_t kRequestBodyBytesPerSecondMin = 16 * 1024;
inline constexpr auto kResponseTimeout = 30s;
inline constexpr auto kIdleConnectionTimeout = 75s;
inline constexpr double kUnknownKeyRate = 20;  // answers of 401 per second to one address
inline constexpr int kUnknownKeyBurst = 100;

// Shutdown (spec section 7: drains and stops within 10 s).
inline constexpr auto kDrainTimeout = 8s;
inline constexpr auto kLastAnswersTimeout = 1s;  // after that, for callers to take their answers

static_assert(kEventBytesMax <= kBatchBytesMax);
static_assert(kPageDefault <= kPageMax && kPageMax <= kRowsExaminedMax);
static_assert(kEventBytesMax <= kPageBytesMax);
static_assert(kTemplateBytesMax + kEventBytesMax <= kShapedBytesMax);
static_assert(kConnectTimeout <= kAttemptTimeout && kAttemptTimeout <= kAttemptTimeoutMax);
static_assert(kConcurrencyDefault <= kConcurrencyMax);
static_assert(kRetryAfterMax <= kRetryStepMax);
static_assert(kDrainTimeout + kLastAnswersTimeout < 10s);

}  // namespace limehook::limits
