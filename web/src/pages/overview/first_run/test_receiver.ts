import type { Webhook } from '../../../api/types';

/** The id of the built-in receiver that a webhook sends to; undefined where it sends elsewhere. */
export const testReceiverOf = ({ url }: Webhook) => url?.match(/\/test-receiver\/(rcv_[\w-]+)$/)?.[1];
