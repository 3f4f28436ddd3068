import { Heading } from '../../components/heading';

export default function PeoplePages() {
  return <Heading>Users</Heading>;
}
