import { useQuery } from '@tanstack/react-query';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import type { Schemas } from '../../api/types';
import { Answered } from '../../components/answered';
import { CodeBlock } from '../../components/code_block';
import { Ago } from '../../components/time';
import { formatCount } from '../../format';
import { indentedJson } from '../../json';

const shownRequests = 10;
const pollMs = 2000;

const titleOf = ({ headers }: Schemas['ReceivedRequest']) => Object.entries(headers).find(([name]) => name.toLowerCase() === 'x-limecall-event')?.[1] ?? 'A request';

function Signature({ valid }: { valid: boolean | null }) {
  if (valid === null) return <span className="badge">Signature not checked</span>;
  return valid ? <span className="badge badge-good">Signature is right</span> : <span className="badge badge-bad">Signature is wrong</span>;
}

/** What has come to the built-in test receiver that a webhook sends to. */
export function Received({ id }: { id: string }) {
  const { api } = useAccess();
  const receiver = useQuery({
    queryKey: ['test-receivers', id],
    queryFn: () => answer(api.GET('/v1/test-receivers/{id}', { params: { path: { id } } })),
    refetchInterval: pollMs,  // the stream of updates does not tell
  });
  return (
    <section className="panel" aria-labelledby="received">
      <h2 id="received">Received by the test receiver</h2>
      <Answered query={receiver}>
        {({ requests, received, note }) => (
          <>
            <p className="hint">{note}</p>
            <p role="status">{received === 0 ? 'Nothing has come yet. Send a test.' : `${formatCount(received)} ${received === 1 ? 'request has' : 'requests have'} come.`}</p>
            {requests.slice(0, shownRequests).map((request, index) => (
              <details key={`${request.at} ${index}`} className="webhook-received">
                <summary><code>{titleOf(request)}</code> <Ago at={request.at} /> <Signature valid={request.signature_valid} /></summary>
                <CodeBlock label="Headers that came" text={Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`).join('\n')} />
                <CodeBlock label="Body that came" text={indentedJson(request.body)} />
              </details>
            ))}
          </>
        )}
      </Answered>
    </section>
  );
}
