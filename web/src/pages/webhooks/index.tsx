// Settings › Webhooks › Outbound Webhooks: the list, a form for a new one, and a page with tabs for each.

import { useState } from 'react';
import { Route, Switch } from 'wouter';

import type { CreatedWebhook } from '../../api/types';
import { CreatePage } from './form/create';
import { ListPage } from './list';
import { WebhookPage } from './webhook_page';
import './webhooks.css';

export default function WebhookPages() {
  // Its secret is shown after it has been made; it is kept nowhere else.
  const [created, setCreated] = useState<CreatedWebhook | null>(null);
  return (
    <Switch>
      <Route path="/settings/webhooks/new"><CreatePage onCreated={setCreated} /></Route>
      <Route path="/settings/webhooks/:id/:tab?">
        {({ id, tab }) => <WebhookPage key={id} id={id} tab={tab ?? ''} created={created?.id === id ? created : null} onSeen={() => setCreated(null)} />}
      </Route>
      <Route><ListPage /></Route>
    </Switch>
  );
}
