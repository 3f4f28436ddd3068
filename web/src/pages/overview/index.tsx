import { Heading } from '../../components/heading';

export default function OverviewPage() {
  return <Heading>Overview</Heading>;
}
