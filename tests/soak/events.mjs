// The events of a soak. Each can be made again from its client and number, so that a receiver can check every byte.

const filler = Array.from({ length: 200 * 1024 }, (_, i) => String.fromCharCode(97 + ((i * 7) % 26))).join('');

export const team = 'team_soak';
const everyLarge = 499; // one in so many has 60 to 200 KiB

function lengthOf(client, number) {
  const mixed = Math.imul(number + 1, 2654435761) ^ Math.imul(client + 1, 40503);
  if (number % everyLarge === everyLarge - 1) return 60 * 1024 + ((mixed >>> 8) % (140 * 1024));
  return (mixed >>> 12) % 400;
}

/** The text of an event, as it is sent and as it must arrive. */
export function textOf(client, number) {
  return JSON.stringify({
    event: 'missed_call',
    call_id: `soak-${client}-${number}`,
    caller_number: `+1555${1_000_000 + (number % 9_000_000)}`,
    callee_number: '+15550001111',
    timestamp: '2025-01-30T15:00:00Z',
    team_id: team,
    status: 'missed',
    client: String(client),
    note: filler.slice(0, lengthOf(client, number)),
  });
}

/** {client, number} of an event's members; undefined when it is none of ours. */
export function numberOf(payload) {
  const match = /^soak-(\d+)-(\d+)$/.exec(payload?.call_id ?? '');
  return match ? { client: Number(match[1]), number: Number(match[2]) } : undefined;
}
