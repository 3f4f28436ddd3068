// The sample events of the contract, as the compact text a caller sends and a receiver gets.

const call = '"call_id":"123456","caller_number":"+1234567890","callee_number":"+0987654321"';
const when = '"timestamp":"2025-01-30T15:00:00Z"';
const team = '"team_id":"team_001"';

export const sampleTexts = {
  missed_call: `{"event":"missed_call",${call},${when},${team},"status":"missed"}`,
  call_completed:
    `{"event":"call_completed",${call},${when},${team},"status":"completed","direction":"inbound",` +
    '"started_at":"2025-01-30T14:57:40Z","answered_at":"2025-01-30T14:57:55Z","ended_at":"2025-01-30T15:00:00Z",' +
    '"duration":125,"ring_duration":15,"recording_url":"https://example.com/recordings/123456.mp3"}',
  voicemail_received:
    '{"event":"voicemail_received","call_id":"789012","caller_number":"+1234567890","callee_number":"+0987654321",' +
    `"voicemail_url":"https://example.com/voicemail/789012.mp3",${when},${team},"duration":32,"transcription":"Hello"}`,
  sms_received:
    '{"event":"sms_received","message_id":"567890","sender_number":"+1234567890","receiver_number":"+0987654321",' +
    `"message_content":"Hello, this is a test message.",${when}}`,
  call_status_update: `{"event":"call_status_update",${call},${when},${team},"status":"ringing","sequence":1}`,
  incoming_call: `{"event":"incoming_call",${call},${when},${team}}`,
  sms_sent:
    '{"event":"sms_sent","message_id":"567890","sender_number":"+0987654321","receiver_number":"+1234567890",' +
    `"message_content":"Thank you!",${when}}`,
};

export const eventTypes = Object.keys(sampleTexts);

let counter = 0;
/** An id that no other event of this process has. */
export function uniqueId(prefix = 'call') {
  counter += 1;
  return `${prefix}-${process.pid}-${counter}`;
}

/** A missed call with its own call_id; `members` replace or add. */
export function missedCall(members = {}) {
  return { ...JSON.parse(sampleTexts.missed_call), call_id: uniqueId(), ...members };
}

/** Any sample as an object; `members` replace or add. */
export function sample(type, members = {}) {
  return { ...JSON.parse(sampleTexts[type]), ...members };
}
