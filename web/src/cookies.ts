// Whether the browser keeps the cookie of a session. One that does not would lead back to the sign-in page, without a word.

import { answer, ApiError, openApi } from './api/client';

export const noCookies = 'This browser does not keep cookies for this site, so nobody can stay signed in. Allow cookies for it, and if the page is inside another site, open it in a tab of its own.';

/** After signing in: throws when the next request is nobody's. */
export async function expectCookie(): Promise<void> {
  try {
    await answer(openApi.GET('/v1/session'));
  } catch (error) {
    throw error instanceof ApiError && error.status === 401 ? new ApiError(0, noCookies) : error;
  }
}
