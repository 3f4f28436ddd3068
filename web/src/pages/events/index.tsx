import { Heading } from '../../components/heading';

export default function EventPages() {
  return <Heading>Inbound events</Heading>;
}
