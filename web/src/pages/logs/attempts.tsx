// The attempts of a delivery: what was sent, and what came back.

import { type ReactNode, useState } from 'react';

import type { Attempt, Webhook } from '../../api/types';
import { CodeBlock } from '../../components/code_block';
import { headerLines } from '../../components/header_lines';
import { Ago, Clock } from '../../components/time';
import { formatMilliseconds } from '../../format';
import { indentedJson } from '../../json';
import { hintFor } from './hints';

function Response({ response }: { response: NonNullable<Attempt['response']> }) {
  return (
    <>
      <h4>Response</h4>
      {Object.keys(response.headers).length > 0 && <CodeBlock label="Response headers" text={headerLines(response.headers)} />}
      {response.body === '' ? <p className="hint">The response has no body.</p> : <CodeBlock label="Response body" text={response.body} />}
      {response.body_truncated && <p className="hint">The receiver sent more; the first 16 KiB are kept.</p>}
    </>
  );
}

function Request({ request }: Pick<Attempt, 'request'>) {
  return (
    <>
      <h4>Request</h4>
      <p className="log-url"><bdi>POST {request.url}</bdi></p>
      <CodeBlock label="Request headers" text={headerLines(request.headers)} />
      <CodeBlock label="Request body" text={indentedJson(request.body)} />
      <p className="hint">The body is shown with line breaks; it is sent without them. The token and own headers are masked.</p>
    </>
  );
}

function Outcome({ attempt: { response, error } }: { attempt: Attempt }): ReactNode {
  if (response === null) return <span className="badge badge-bad">No response</span>;
  const good = response.status >= 200 && response.status < 300;
  return <span className={`badge ${good && error === null ? 'badge-good' : good ? 'badge-warn' : 'badge-bad'}`}>{response.status}</span>;
}

/** What went wrong and what to do about it; nothing for what was acknowledged. */
export function Trouble({ attempt }: { attempt: Attempt }) {
  const hint = hintFor(attempt);
  if (attempt.error === null) return null;
  return (
    <div className="log-trouble">
      <p><strong>{attempt.error.charAt(0).toUpperCase() + attempt.error.slice(1)}.</strong></p>
      {hint !== undefined && <p>{hint}</p>}
    </div>
  );
}

function AttemptItem({ attempt, fallback, latest, told }: { attempt: Attempt; fallback: boolean; latest: boolean; told: boolean }) {
  const [open, setOpen] = useState(latest);
  return (
    <li>
      <details className="log-attempt" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span className="log-attempt-title">Attempt {attempt.number}</span> <Outcome attempt={attempt} />
          {fallback && <span className="badge badge-info">Fallback URL</span>}
          <span className="hint log-attempt-time">{formatMilliseconds(attempt.duration_ms)} · <Ago at={attempt.at} /></span>
        </summary>
        {open && (
          <div className="log-attempt-body">
            <p className="hint">Began at <Clock at={attempt.at} />, took {formatMilliseconds(attempt.duration_ms)}.</p>
            {!told && <Trouble attempt={attempt} />}
            {attempt.response !== null && <Response response={attempt.response} />}
            <Request request={attempt.request} />
          </div>
        )}
      </details>
    </li>
  );
}

interface AttemptsProps {
  attempts: Attempt[];
  /** Undefined where it was deleted or is not known yet. */
  webhook: Webhook | undefined;
  /** What went wrong with the latest is told elsewhere. */
  latestTold: boolean;
}

export function Attempts({ attempts, webhook, latestTold }: AttemptsProps) {
  const last = attempts.at(-1);
  const isFallback = ({ request }: Attempt) => webhook?.fallback_url === request.url && request.url !== webhook.url;
  return (
    <ol className="log-attempts" reversed>
      {attempts.toReversed().map((attempt) => (
        <AttemptItem key={attempt.id} attempt={attempt} fallback={isFallback(attempt)} latest={attempt === last} told={latestTold && attempt === last} />
      ))}
    </ol>
  );
}
