import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import type { Webhook } from '../../api/types';
import { Answered } from '../../components/answered';
import { CodeBlock } from '../../components/code_block';
import { recall, remember } from '../../storage';
import { type Snippet, snippets } from '../../verification/snippets';

const remembered = 'language';

function Code({ snippet, webhook }: { snippet: Snippet; webhook: Webhook }) {
  const code = useQuery({ queryKey: ['snippet', snippet.language, webhook.name, webhook.url], queryFn: () => snippet.code(webhook), staleTime: Infinity });
  return <Answered query={code}>{(text) => <CodeBlock label={`Verification code in ${snippet.label}`} text={text} />}</Answered>;
}

/** The tab Verify: code for a receiver that checks the signatures of this webhook. */
export function VerifyTab({ webhook }: { webhook: Webhook }) {
  const [language, setLanguage] = useState(() => recall(remembered) ?? 'javascript');
  const snippet = snippets.find((each) => each.language === language) ?? snippets[0];
  const choose = (next: string) => {
    remember(remembered, next);
    setLanguage(next);
  };
  return (
    <section className="panel webhook-panel" aria-labelledby="verify">
      <div>
        <h2 id="verify">Verify signatures</h2>
        <p className="hint">A whole receiver for this webhook: it lets in what Limehook has sent, and nothing else. The secret is not in it: give it in the environment variable <code>LIMEHOOK_SECRET</code>; it is on the tab Overview.</p>
      </div>
      <fieldset className="webhook-languages">
        <legend className="visually-hidden">Language</legend>
        {snippets.map((each) => (
          <label key={each.language}><input type="radio" className="visually-hidden" name="language" checked={each === snippet} onChange={() => choose(each.language)} /> <span>{each.label}</span></label>
        ))}
      </fieldset>
      {snippet !== undefined && <p>Save it as <code>{snippet.file}</code>.</p>}
      {snippet !== undefined && <Code key={snippet.language} snippet={snippet} webhook={webhook} />}
    </section>
  );
}
