// What the API shows of a store: what a version must show of an older one's as it was shown then.

/** Every list and every thing in it, by the path that shows it. The audit log comes last: looking may add to it. */
export async function lookAt(api) {
  const shown = {};
  const keep = async (path) => (shown[path] = await api.read(path));
  const all = async (path) => {
    const rows = await api.list(path, 200);
    shown[path] = { data: rows };
    return rows;
  };
  for (const { id } of await all('/v1/webhooks')) await all(`/v1/webhooks/${id}/recoveries`);
  for (const { id } of await all('/v1/deliveries')) await keep(`/v1/deliveries/${id}`);
  for (const { id } of await all('/v1/events')) await keep(`/v1/events/${id}`);
  for (const query of ['q=call-3', 'q=%2B1234567890', 'q=ordered-one', 'status=failed', 'status=retrying', 'event=sms_received', 'team_id=team_001']) {
    await all(`/v1/deliveries?${query}`);
  }
  for (const path of ['/v1/keys', '/v1/users', '/v1/invitations', '/v1/teams', '/v1/numbers', '/v1/audit']) await all(path);
  return shown;
}
