/** The id of the built-in test receiver that a URL leads to; null where it leads elsewhere. */
export const receiverOf = (url: string | null): string | null => url?.match(/\/test-receiver\/(rcv_[\w-]+)$/)?.[1] ?? null;

export const isReceiverUrl = (url: string) => receiverOf(url) !== null;
