import { Heading } from '../../components/heading';

export default function SettingsPage() {
  return <Heading>Settings</Heading>;
}
