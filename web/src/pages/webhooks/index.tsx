import { Heading } from '../../components/heading';

export default function WebhookPages() {
  return <Heading>Outbound Webhooks</Heading>;
}
