import type { Delivery } from '../../api/types';
import { DeliveryStatus, meaningOf } from '../../components/delivery_status';
import { EventSubject } from '../../components/event_subject';
import type { Column } from '../../components/log/grid';
import { Ago } from '../../components/time';
import { WebhookName } from '../../components/webhook_names';

function ResponseCell({ row }: { row: Delivery }) {
  if (row.response_status !== null) return <span title={row.error ?? undefined}>{row.response_status}</span>;
  return row.error === null ? <span className="hint">–</span> : <span className="hint" title={row.error}>none</span>;
}

const status: Column<Delivery> = {
  name: 'Status',
  width: '6.25rem',
  cell: (row) => <DeliveryStatus status={row.status} meaning={meaningOf(row)} />,
};
const webhook: Column<Delivery> = { name: 'Webhook', width: 'minmax(0, 1fr)', cell: (row) => <span className="log-cut"><WebhookName id={row.webhook_id} /></span> };
const columns: Column<Delivery>[] = [
  status,
  { name: 'Event', width: '9.75rem', cell: (row) => <>{row.event} {row.test && <span className="badge">Test</span>}</> },
  { name: 'Number', width: 'minmax(0, 1.5fr)', cell: (row) => <EventSubject terms={row.search_terms} /> },
  webhook,
  { name: 'Response', width: '4.75rem', cell: (row) => <ResponseCell row={row} /> },
  { name: 'Attempts', width: '5rem', cell: (row) => row.attempt_count },
  { name: 'Time', width: '6rem', cell: (row) => <Ago at={row.created_at} /> },
];
const columnsOfOne = columns.filter((column) => column !== webhook);

export const deliveryColumns = (ofOneWebhook: boolean) => (ofOneWebhook ? columnsOfOne : columns);
