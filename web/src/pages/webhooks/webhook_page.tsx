import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode } from 'react';
import { useLocation } from 'wouter';

import { useAccess } from '../../api/access';
import { answer } from '../../api/client';
import type { CreatedWebhook, Webhook } from '../../api/types';
import { Answered } from '../../components/answered';
import { Crumbs } from '../../components/crumbs';
import { Empty } from '../../components/empty';
import { Heading } from '../../components/heading';
import { LinkTabs } from '../../components/link_tabs';
import { Part } from '../../components/part';
import { isolated } from '../../direction';
import { Link } from '../../router';
import { WebhookActions } from './actions';
import { HealthBadge } from './health_badge';
import { OverviewTab } from './overview_tab';
import { listPath, listSteps, pathOf } from './paths';

const EditTab = lazy(() => import('./form/edit').then(({ EditTab }) => ({ default: EditTab })));
const TestTab = lazy(() => import('./test_tab').then(({ TestTab }) => ({ default: TestTab })));
const VerifyTab = lazy(() => import('./verify_tab').then(({ VerifyTab }) => ({ default: VerifyTab })));
const LogTab = lazy(() => import('./log_tab').then(({ LogTab }) => ({ default: LogTab })));

const tabs = [
  { name: 'Overview', path: '' },
  { name: 'Test Webhook', path: '/test' },
  { name: 'Webhook Logs', path: '/logs' },
  { name: 'Verify', path: '/verify' },
  { name: 'Settings', path: '/edit' },
] as const;

interface WebhookPageProps {
  id: string;
  tab: string;
  /** It has just been made here, and its secret is to be shown. */
  created: CreatedWebhook | null;
  /** The secret has been seen. */
  onSeen(): void;
}

function Parts({ webhook, tab, created, onSeen }: Omit<WebhookPageProps, 'id'> & { webhook: Webhook }): ReactNode {
  switch (tab) {
    case '': return <OverviewTab webhook={webhook} created={created} onSeen={onSeen} />;
    case 'test': return <TestTab webhook={webhook} />;
    case 'logs': return <LogTab webhook={webhook} />;
    case 'verify': return <VerifyTab webhook={webhook} />;
    case 'edit': return <EditTab webhook={webhook} />;
    default: return <Empty title="There is no such page"><Link href={pathOf(webhook.id)}>Go to the overview</Link></Empty>;
  }
}

function Loaded({ webhook, ...rest }: Omit<WebhookPageProps, 'id'> & { webhook: Webhook }) {
  const [, go] = useLocation();
  return (
    <>
      <div className="page-head">
        <div className="webhook-title">
          <Heading>{webhook.name}</Heading>
          <p><HealthBadge webhook={webhook} /> <span className="webhook-address">{webhook.url ?? 'polled by the receiver'}</span></p>
        </div>
        <WebhookActions webhook={webhook} onDeleted={() => go(listPath)} />
      </div>
      <LinkTabs label={`Parts of ${isolated(webhook.name)}`} tabs={tabs.map(({ name, path }) => ({ name, path: pathOf(webhook.id, path) }))} />
      <Part><Parts webhook={webhook} {...rest} /></Part>
    </>
  );
}

/** One webhook: how it fares, tests, its log, code that verifies, and its settings. */
export function WebhookPage({ id, ...rest }: WebhookPageProps) {
  const { api } = useAccess();
  const webhook = useQuery({ queryKey: ['webhooks', id], queryFn: () => answer(api.GET('/v1/webhooks/{id}', { params: { path: { id } } })) });
  const gone = webhook.error?.status === 404;
  return (
    <>
      <Crumbs steps={[...listSteps, { name: gone ? 'Not found' : (webhook.data?.name ?? '…') }]} />
      {gone
        ? <><Heading>Webhook not found</Heading><Empty title="It was deleted, or it is not yours"><Link href={listPath} className="button button-second">All webhooks</Link></Empty></>
        : <Answered query={webhook}>{(value) => <Loaded webhook={value} {...rest} />}</Answered>}
    </>
  );
}
