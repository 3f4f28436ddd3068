import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect } from 'react';

import { answer, ApiError, openApi } from '../api/client';
import type { LinkInfo } from '../api/types';
import { Link } from '../router';
import { forgetLinkToken } from '../storage';
import { Alert } from './alert';
import { Loading } from './answered';
import { CardPage } from './card_page';

interface LinkPageProps {
  title: string;
  page: string; // under which the token is remembered
  kind: LinkInfo['kind'];
  token: string;
  children(link: LinkInfo): ReactNode;
}

/** A page that a link leads to: shows `children` if the link is still good, else says what to do. */
export function LinkPage({ title, page, kind, token, children }: LinkPageProps) {
  const link = useQuery({
    queryKey: ['link', kind, token],
    queryFn: async () => {
      const value = await answer(openApi.POST('/v1/links/look', { body: { token } }));
      if (value.kind !== kind) throw new ApiError(404, 'This link is for another page.');
      return value;
    },
    staleTime: Infinity,  // who uses the link up sees the page to its end
  });
  const gone = link.error?.status === 404;
  useEffect(() => {
    if (gone) forgetLinkToken(page);
  }, [gone, page]);
  return (
    <CardPage title={title}>
      {link.data !== undefined && children(link.data)}
      {link.data === undefined && link.error !== null && (
        <>
          <Alert>{link.error.message}</Alert>
          <p><Link href="/sign-in">Sign in</Link></p>
        </>
      )}
      {link.isPending && <Loading />}
    </CardPage>
  );
}
