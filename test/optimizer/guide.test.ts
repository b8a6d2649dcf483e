import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { optimizerCatalogue, OPTIMIZER_ACTIONS } from '../../src/telemetry/optimizer-catalogue.js';

const GUIDE = readFileSync(new URL('../../docs/optimizer.md', import.meta.url), 'utf8');

describe('docs/optimizer.md', () => {
  it('lists each metric with its unit, and no other', () => {
    const rows = [...GUIDE.matchAll(/^\| `(perf\.[a-z0-9_.]+)` +\| `([^`]+)` +\|/gm)].map(
      ([, name, unit]) => [name, unit],
    );

    expect(rows).to.have.deep.members(optimizerCatalogue.map(({ name, unit }) => [name, unit]));
  });

  it('tells what each action does', () => {
    for (const action of OPTIMIZER_ACTIONS) expect(GUIDE).to.include(`| \`${action}\``);
  });
});
