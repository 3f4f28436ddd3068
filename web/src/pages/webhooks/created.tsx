import { useEffect, useRef } from 'react';

import type { CreatedWebhook } from '../../api/types';
import { Link } from '../../router';
import { CopyField } from './copy_field';
import { pathOf } from './paths';

/** After a webhook has been made: its secret and token, and what to do next. */
export function Created({ webhook, onDone }: { webhook: CreatedWebhook; onDone(): void }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  return (
    <section className="panel webhook-created" aria-labelledby="created">
      <h2 id="created" ref={title} tabIndex={-1}>The webhook is saved. Copy its secret now.</h2>
      <p>Your receiver checks with the secret that a request is from here. Keep it where only the receiver can read it.</p>
      <CopyField label="Secret" value={webhook.secret} />
      <CopyField label="Token" value={webhook.token} hint="Sent as Authorization: Bearer … with every delivery." />
      <p><strong>Next:</strong> send it a test, and put the verification code into your receiver.</p>
      <div className="buttons">
        <Link href={pathOf(webhook.id, '/test')} className="button">Test Webhook</Link>
        <Link href={pathOf(webhook.id, '/verify')} className="button button-second">Verification code</Link>
        <button type="button" className="button-plain" onClick={onDone}>I have copied it</button>
      </div>
    </section>
  );
}
