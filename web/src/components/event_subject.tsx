// Whom and what an event is about, as far as it says: its numbers, then its call id or message id.

const isNumber = (term: string) => /^\+\d+$/.test(term);

/** What the log's search finds an event by; the same as the API's `search_terms` of deliveries. */
export function searchTermsOf(payload: Record<string, unknown>): string[] {
  const members = ['caller_number', 'callee_number', 'sender_number', 'receiver_number', 'call_id', 'message_id'];
  const terms = members.map((name) => payload[name]).filter((value): value is string => typeof value === 'string' && value !== '');
  return [...new Set(terms)];
}

export function EventSubject({ terms }: { terms: readonly string[] }) {
  if (terms.length === 0) return <span className="hint">–</span>;
  const numbers = terms.filter(isNumber);
  const ids = terms.filter((term) => !isNumber(term));
  return (
    <span className="log-subject">
      {numbers.length > 0 && <bdi className="log-numbers">{numbers.join(' → ')}</bdi>}
      {ids.map((id) => <bdi key={id} className="hint log-reference" title={id}>{id}</bdi>)}
    </span>
  );
}
