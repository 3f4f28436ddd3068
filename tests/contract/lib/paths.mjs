// Where things are in this checkout.

import { repositoryPath } from '../../e2e/support/process.mjs';

export const OPENAPI_PATH = repositoryPath('api/openapi.yaml');
export const VERIFY_GUIDE_PATH = repositoryPath('docs/verify.md');
