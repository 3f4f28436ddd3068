// Webhook Logs: /logs, and /logs/{id} with one delivery open.

import { useRoute } from 'wouter';

import { Heading } from '../../components/heading';
import { DeliveryLog } from './delivery_log';

export default function LogPages() {
  const [, found] = useRoute<{ id: string }>('/logs/:id');
  return (
    <>
      <Heading>Webhook Logs</Heading>
      <DeliveryLog {...(found !== null && { id: found.id })} />
    </>
  );
}
