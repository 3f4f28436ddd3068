import { Heading } from '../../components/heading';

export default function SourcesPage() {
  return <Heading>Sources</Heading>;
}
