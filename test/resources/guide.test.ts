import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { ResourceSnapshot } from '../../src/resources/snapshot.js';
import { ResourceSampler } from '../../src/resources/sampler.js';
import { containerCatalogue } from '../../src/telemetry/container-catalogue.js';
import { resourceCatalogue } from '../../src/telemetry/resource-catalogue.js';
import { runtimeCatalogue } from '../../src/telemetry/runtime-catalogue.js';
import { FakeClock } from '../fakes/fake-clock.js';

const GUIDE = readFileSync(new URL('../../docs/resources.md', import.meta.url), 'utf8');

describe('docs/resources.md', () => {
  it('lists each metric with its unit, and no other', () => {
    const rows = [...GUIDE.matchAll(/^\| `([a-z0-9_.]+)` +\| `([^`]+)` +\|/gm)].map(([, name, unit]) => [
      name,
      unit,
    ]);

    const listed = [...resourceCatalogue, ...runtimeCatalogue, ...containerCatalogue];
    expect(rows).to.have.deep.members(listed.map(({ name, unit }) => [name, unit]));
  });

  it('names each field of a snapshot', async () => {
    const sampler = new ResourceSampler(new FakeClock(), { onCollection() {}, onLag() {} });
    const { snapshot } = await sampler.take();
    sampler.close();

    for (const name of Object.keys(snapshot) as (keyof ResourceSnapshot)[])
      if (name !== 'timestamp') expect(GUIDE, name).to.include(`\`${name}\``);
  });
});
