import { type ReactNode, useEffect, useState } from 'react';

import { ApiError, openClient } from '../api/client';
import type { LinkInfo } from '../api/types';
import { Link } from '../router';
import { forgetLinkToken } from '../storage';
import { Alert } from './alert';
import { Loading } from './answered';
import { CardPage } from './card_page';
import type { Answer } from './use_answer';

interface LinkPageProps {
  title: string;
  page: string; // under which the token is remembered
  kind: LinkInfo['kind'];
  token: string;
  children(link: LinkInfo): ReactNode;
}

/** A page that a link leads to: shows `children` if the link is still good, else says what to do. */
export function LinkPage({ title, page, kind, token, children }: LinkPageProps) {
  const [answer, setAnswer] = useState<Answer<LinkInfo>>({ status: 'loading' });
  useEffect(() => {
    let current = true;
    const look = async () => {
      const value = await openClient.send<LinkInfo>('POST', '/v1/links/look', { token });
      if (value.kind !== kind) throw new ApiError(404, 'This link is for another page.');
      if (current) setAnswer({ status: 'there', value });
    };
    look().catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404) forgetLinkToken(page);
      if (current) setAnswer({ status: 'failed', error });
    });
    return () => {
      current = false;
    };
  }, [kind, page, token]);
  return (
    <CardPage title={title}>
      {answer.status === 'loading' && <Loading />}
      {answer.status === 'failed' && (
        <>
          <Alert>{answer.error.message}</Alert>
          <p><Link href="/sign-in">Sign in</Link></p>
        </>
      )}
      {answer.status === 'there' && children(answer.value)}
    </CardPage>
  );
}
