import type { Webhook } from '../../api/types';
import { DeliveryLog } from '../logs/delivery_log';

/** The tab Webhook Logs of a webhook's page. */
export const LogTab = ({ webhook }: { webhook: Webhook }) => <DeliveryLog webhookId={webhook.id} />;
