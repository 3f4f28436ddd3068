import { CardPage } from '../components/card_page';
import { Link } from '../router';

export function NotFoundPage() {
  return (
    <CardPage title="Page not found">
      <p>There is nothing at this address.</p>
      <p><Link href="/">Go to the overview</Link></p>
    </CardPage>
  );
}
