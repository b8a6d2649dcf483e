import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../e2e/packed.js';

interface Lock {
  readonly packages: Readonly<Record<string, object>>;
}

/** Plain JavaScript, so its types are told here. */
const { licencesText, LICENCES_PATH }: { licencesText: (lock: Lock) => string; LICENCES_PATH: string } =
  createRequire(import.meta.url)('../../scripts/licences.mjs');

describe('licences of what comes with the package', () => {
  it('are allowed, and as docs/licences.md says (npm run licences)', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;

    const text = licencesText(lock);

    expect(readFileSync(LICENCES_PATH, 'utf8')).to.equal(text);
  });

  it('refuse what is not on the list, and what names no licence, also below others', () => {
    const packages = {
      '': { license: 'MIT' },
      'node_modules/a': { version: '1.0.0', license: 'GPL-3.0-only' },
      'node_modules/b': { version: '1.0.0', license: 'ISC' },
      'node_modules/b/node_modules/@c/d': { version: '2.0.0' },
      'node_modules/e': { version: '1.0.0', license: 'GPL-3.0-only', dev: true },
    };

    expect(() => licencesText({ packages })).to.throw(
      /: @c\/d 2\.0\.0 \(none\), a 1\.0\.0 \(GPL-3\.0-only\)$/,
    );
  });
});
