import { Heading } from '../../components/heading';

export default function NumbersPage() {
  return <Heading>Numbers</Heading>;
}
