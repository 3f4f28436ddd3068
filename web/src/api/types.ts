// Short names for what the API takes and answers. The types are made of api/openapi.yaml (`npm run types`).

import type { components } from '../../generated/api';

export type Schemas = components['schemas'];

export type Webhook = Schemas['Webhook'];
export type WebhookSettings = Schemas['WebhookCreate'];
export type Delivery = Schemas['Delivery'];
export type DeliveryDetail = Schemas['DeliveryDetail'];
export type Attempt = Schemas['Attempt'];
export type StoredEvent = Schemas['StoredEvent'];
export type EventDetail = Schemas['EventDetail'];
export type Stats = Schemas['Stats'];
export type Role = Schemas['Role'];
export type User = Schemas['User'];
export type LinkInfo = Schemas['Link'];
export type SignInOptions = Schemas['SignInOptions'];
export type SignedInBrowser = Schemas['Session'];
export type CreatedWebhook = Schemas['CreatedWebhook'];
export type EventTypeInfo = Schemas['EventTypeList']['data'][number];
export type Recovery = Schemas['Recovery'];
export type TestResult = Schemas['TestResult'];
