import { Heading } from '../../components/heading';

export default function LogPages() {
  return <Heading>Webhook Logs</Heading>;
}
