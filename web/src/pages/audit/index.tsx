import { Heading } from '../../components/heading';

export default function AuditPage() {
  return <Heading>Audit log</Heading>;
}
