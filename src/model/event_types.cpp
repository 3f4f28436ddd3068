// The kinds of events, with the sample values of the spec (section 3).

#include "model/event.hpp"

namespace limehook {

const std::array<EventTypeInfo, kEventTypeCount>& event_types() {
  static constexpr std::array<EventTypeInfo, kEventTypeCount> kTypes{{
      {EventType::MissedCall, "missed_call", "A call rang and nobody answered it.",
       R"({"event":"missed_call","call_id":"123456","caller_number":"+1234567890","callee_number":"+0987654321",)"
       R"("timestamp":"2025-01-30T15:00:00Z","team_id":"team_001","status":"missed"})"},
      {EventType::CallCompleted, "call_completed", "A call was answered and has ended.",
       R"({"event":"call_completed","call_id":"789012","caller_number":"+1234567890","callee_number":"+0987654321",)"
       R"("timestamp":"2025-01-30T15:00:00Z","team_id":"team_001","status":"completed","direction":"inbound",)"
       R"("started_at":"2025-01-30T14:57:30Z","answered_at":"2025-01-30T14:57:38Z",)"
       R"("ended_at":"2025-01-30T15:00:00Z","duration":142,"ring_duration":8,)"
       R"("recording_url":"https://example.com/recordings/789012.mp3"})"},
      {EventType::VoicemailReceived, "voicemail_received", "A caller left a voicemail.",
       R"({"event":"voicemail_received","call_id":"123456","caller_number":"+1234567890",)"
       R"("callee_number":"+0987654321","voicemail_url":"https://example.com/voicemails/123456.mp3",)"
       R"("timestamp":"2025-01-30T15:00:00Z","team_id":"team_001","duration":17,)"
       R"("transcription":"Hello, please call me back."})"},
      {EventType::SmsReceived, "sms_received", "A text message arrived at one of your numbers.",
       R"({"event":"sms_received","message_id":"567890","sender_number":"+1234567890",)"
       R"("receiver_number":"+0987654321","message_content":"Hello, I have a question.",)"
       R"("timestamp":"2025-01-30T15:00:00Z"})"},
      {EventType::CallStatusUpdate, "call_status_update", "A call reached its next state: ringing, answered, busy...",
       R"({"event":"call_status_update","call_id":"789012","caller_number":"+1234567890",)"
       R"("callee_number":"+0987654321","timestamp":"2025-01-30T15:00:00Z","team_id":"team_001",)"
       R"("status":"ringing","sequence":1})"},
      {EventType::IncomingCall, "incoming_call", "A call is coming in at one of your numbers.",
       R"({"event":"incoming_call","call_id":"789012","caller_number":"+1234567890","callee_number":"+0987654321",)"
       R"("timestamp":"2025-01-30T15:00:00Z","team_id":"team_001"})"},
      {EventType::SmsSent, "sms_sent", "A text message was sent from one of your numbers.",
       R"({"event":"sms_sent","message_id":"567890","sender_number":"+0987654321",)"
       R"("receiver_number":"+1234567890","message_content":"Hello, how can we help?",)"
       R"("timestamp":"2025-01-30T15:00:00Z"})"},
      {EventType::WebhookDisabled, "webhook.disabled", "Limehook disabled one of your webhooks.",
       R"({"event":"webhook.disabled","webhook_id":"wh_06d8k3n5vsh40","webhook_name":"CRM",)"
       R"("webhook_url":"https://example.com/hooks","reason":"The receiver answered 410 Gone.",)"
       R"("timestamp":"2025-01-30T15:00:00Z","team_id":"team_001"})"},
      {EventType::WebhookFailing, "webhook.failing", "A webhook failed ten times in a row; it is tried less often now.",
       R"({"event":"webhook.failing","webhook_id":"wh_06d8k3n5vsh40","webhook_name":"CRM",)"
       R"("webhook_url":"https://example.com/hooks","reason":"10 attempts in a row failed; the last one: 503",)"
       R"("timestamp":"2025-01-30T15:00:00Z","team_id":"team_001"})"},
      {EventType::WebhookRecovered, "webhook.recovered", "A webhook that was failing works again.",
       R"({"event":"webhook.recovered","webhook_id":"wh_06d8k3n5vsh40","webhook_name":"CRM",)"
       R"("webhook_url":"https://example.com/hooks","reason":"The receiver answered 200.",)"
       R"("timestamp":"2025-01-30T15:00:00Z","team_id":"team_001"})"},
      {EventType::DeliveryExhausted, "delivery.exhausted", "A delivery failed at the end of its retry schedule.",
       R"({"event":"delivery.exhausted","webhook_id":"wh_06d8k3n5vsh40","webhook_name":"CRM",)"
       R"("webhook_url":"https://example.com/hooks","reason":"5 attempts failed; the last one: 503",)"
       R"("timestamp":"2025-01-30T15:00:00Z","team_id":"team_001","delivery_id":"dlv_06d8k3n5vsh4g",)"
       R"("event_id":"evt_06d8k3n5vsh48","event_type":"missed_call","attempts":5})"},
  }};
  return kTypes;
}

std::string_view name_of(EventType type) { return event_types()[static_cast<std::size_t>(type)].name; }

std::optional<EventType> event_type_named(std::string_view name) {
  for (const auto& info : event_types()) {
    if (info.name == name) return info.type;
  }
  return std::nullopt;
}

}  // namespace limehook
