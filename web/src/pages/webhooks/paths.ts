// Where the pages of webhooks are; relative to the base that they are mounted under.

export const listPath = '/settings/webhooks';

export type Tab = '' | '/test' | '/logs' | '/verify' | '/edit';

export const pathOf = (id: string, tab: Tab = '') => `${listPath}/${id}${tab}`;

export const listSteps = [{ name: 'Settings' }, { name: 'Webhooks' }, { name: 'Outbound Webhooks', path: listPath }];
