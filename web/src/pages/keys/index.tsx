import { Heading } from '../../components/heading';

export default function KeysPage() {
  return <Heading>API keys</Heading>;
}
