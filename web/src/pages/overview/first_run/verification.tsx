import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';

import type { Webhook } from '../../../api/types';
import { Answered } from '../../../components/answered';
import { CodeBlock } from '../../../components/code_block';
import { Link } from '../../../router';
import { recallForGood, rememberForGood } from '../../../storage';
import { type Snippet, snippets } from '../../../verification/snippets';
import { testReceiverOf } from './test_receiver';

const remembered = () => snippets.find(({ language }) => language === recallForGood('language')) ?? snippets[0];

function Code({ snippet, webhook }: { snippet: Snippet; webhook: Webhook }) {
  const code = useQuery({
    queryKey: ['webhooks', 'verification', snippet.language, webhook.id, webhook.version],
    queryFn: () => snippet.code({ name: webhook.name, url: testReceiverOf(webhook) === undefined ? webhook.url : null }),
  });
  return <Answered query={code}>{(text) => <CodeBlock label={`${snippet.label}: ${snippet.file}`} text={text} />}</Answered>;
}

/** How the receiver proves that a request came from here, in the reader's language. */
export function Verification({ webhook }: { webhook: Webhook }) {
  const [snippet, setSnippet] = useState(remembered);
  const id = useId();
  if (snippet === undefined) return null;
  const choose = (language: string) => {
    rememberForGood('language', language);
    setSnippet(remembered);
  };
  return (
    <>
      <p>
        Your receiver should take nothing without checking its signature. The code has no secret in it: <Link href={`/settings/webhooks/${webhook.id}`}>the webhook’s page</Link> shows it.
      </p>
      <div className="field">
        <label htmlFor={id}>Language</label>
        <div className="field-input">
          <select id={id} value={snippet.language} onChange={(event) => choose(event.target.value)}>
            {snippets.map(({ language, label }) => <option key={language} value={language}>{label}</option>)}
          </select>
        </div>
      </div>
      <Code snippet={snippet} webhook={webhook} />
    </>
  );
}
