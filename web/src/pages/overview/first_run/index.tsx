// The first steps with an installation, or a team: a checklist that leads from nothing to a delivery that arrived.

import { Check } from 'lucide-react';
import { type ReactNode, useState } from 'react';

import { useAccess } from '../../../api/access';
import type { Webhook } from '../../../api/types';
import { Link } from '../../../router';
import { recallForGood, rememberForGood } from '../../../storage';
import { FirstDelivery } from './first_delivery';
import { FirstWebhook } from './first_webhook';
import { type Progress, useProgress } from './progress';
import { TestCall } from './test_call';
import { Verification } from './verification';

interface StepProps {
  title: string;
  done: boolean;
  /** Its own part is shown. */
  open: boolean;
  children?: ReactNode;
}

function Step({ title, done, open, children }: StepProps) {
  return (
    <li className={`step ${done ? 'step-done' : ''}`} aria-current={open && !done ? 'step' : undefined}>
      <span className="step-mark">{done && <Check aria-hidden size={16} strokeWidth={3} />}</span>
      <h3>{title}{done && <span className="visually-hidden"> (done)</span>}</h3>
      {open && <div className="step-body">{children}</div>}
    </li>
  );
}

function NextSteps() {
  const { canAdminister } = useAccess();
  return (
    <ul className="next-steps">
      {canAdminister && <li><Link href="/settings/keys">Make an API key</Link> with which your PBX or platform sends events</li>}
      {canAdminister && <li><Link href="/settings/users">Invite people</Link> who look after the webhooks</li>}
      <li><Link href="/settings/webhooks">Add more webhooks</Link>, with filters and payloads of their own</li>
      <li><a href="/docs">Read the documentation</a></li>
    </ul>
  );
}

function Steps({ webhook, event, delivery }: Progress) {
  const made = webhook !== undefined;
  const sent = event !== undefined;
  const arrived = made && sent && delivery?.status === 'delivered';  // the one that is shown
  return (
    <ol className="steps">
      <Step title="Create your first webhook" done={made} open={!made}><FirstWebhook /></Step>
      <Step title="Send a first event" done={sent} open={made && !sent}>
        <p>A test call takes the way that every event takes. It is a missed call that never was.</p>
        {made && <TestCall webhook={webhook} />}
      </Step>
      <Step title="See it delivered" done={arrived} open={made && sent}>
        {made && <FirstDelivery webhook={webhook} delivery={delivery} />}
      </Step>
      <Step title="Verify what you receive" done={false} open={arrived}>{made && <Verification webhook={webhook} />}</Step>
      <Step title="What next" done={false} open={arrived}><NextSteps /></Step>
    </ol>
  );
}

const memory = 'first-steps';

/** Only for who can take the steps, until what is there has been at work for a while. */
export function FirstRun({ webhook }: { webhook: Webhook | undefined }) {
  const { canChange } = useAccess();
  const progress = useProgress(webhook);
  const [away, setAway] = useState(() => recallForGood(memory) === 'away');
  if (!canChange || progress === undefined || progress.established) return null;
  const put = (next: boolean) => {
    rememberForGood(memory, next ? 'away' : null);
    setAway(next);
  };
  if (away) return <p><button type="button" className="button-plain" onClick={() => put(false)}>Show the first steps</button></p>;
  return (
    <section className="first-run" aria-labelledby="first-steps">
      <div className="page-head">
        <h2 id="first-steps">First steps</h2>
        <button type="button" className="button-plain" onClick={() => put(true)}>Put away</button>
      </div>
      <Steps {...progress} />
    </section>
  );
}
