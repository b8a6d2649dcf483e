import { createRequire } from 'node:module';

/**
 * Loads a dependency of the package itself from the root, so that the version measured is the one users get, even
 * where a peer brings another copy into this folder.
 */
export const fromRoot = createRequire(new URL('../../package.json', import.meta.url));
