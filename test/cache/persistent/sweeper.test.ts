import { expect } from 'chai';
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PersistentCache } from '../../../src/cache/persistent-cache.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { waitFor } from '../../e2e/wait-for.js';

describe('sweeping a persistent cache', () => {
  let cacheDir: string;
  let clock: FakeClock;
  const caches: PersistentCache[] = [];
  const open = (options?: object) => {
    const cache = new PersistentCache({ cacheDir, clock, ...options });
    caches.push(cache);
    return cache;
  };
  const names = () => readdirSync(cacheDir, { recursive: true, encoding: 'utf8' });
  const files = () => names().filter((name) => /^entries.\w+.\w+/.test(name));
  const bytes = () =>
    files()
      .map((name) => Math.ceil(statSync(join(cacheDir, name)).size / 4096) * 4096)
      .reduce((sum, each) => sum + each, 0);
  const settled = (what: string, holds: () => boolean) => waitFor(() => Promise.resolve(holds()), { what });

  beforeEach(() => {
    cacheDir = mkdtempSync(join(tmpdir(), 'perf-sweep-'));
    clock = new FakeClock();
  });
  afterEach(async () => {
    await Promise.all(caches.splice(0).map((cache) => cache.close()));
    rmSync(cacheDir, { recursive: true, force: true });
  });

  it('removes entries that are over, and keeps those in their grace', async () => {
    const cache = open();
    await cache.setEntry('over', { value: 1, ttl: 1, grace: 1 });
    await cache.setEntry('stale', { value: 1, ttl: 1, grace: 100 });
    await cache.setEntry('fresh', { value: 1, ttl: 100, grace: 0 });
    await cache.setEntry('forever', { value: 1, grace: 0 });

    clock.advance(11);

    await settled('three files', () => files().length === 3);
    expect(cache.counts().expirations).to.equal(1);
    expect(cache.getEntry('over')).to.equal(undefined);
    expect(cache.getEntry('stale')).to.not.equal(undefined);
  });

  it('comes back when an entry it knows of is due, without a write', async () => {
    await open().setEntry('k', { value: 1, ttl: 60, grace: 0 });
    clock.advance(11);
    await settled('the first sweep', () => names().includes('usage.json') && !names().includes('sweep.lock'));
    expect(files()).to.have.lengthOf(1);

    clock.advance(60);

    await settled('no file', () => files().length === 0);
  });

  it('keeps to maxBytes while it is written to, the least recently written leave first', async () => {
    const cache = open({ maxBytes: 4096 * 200 });
    for (let n = 0; n <= 100; n += 1) await cache.setEntry(`k${n}`, { value: n, grace: 0 });
    const past = Date.now() / 1000 - 1000;
    for (const name of files()) utimesSync(join(cacheDir, name), past, past);
    for (let n = 0; n < 300; n += 1) await cache.setEntry(`new${n}`, { value: n, grace: 0 });

    expect(bytes()).to.be.at.most(4096 * 215);
    expect(cache.counts().evictions).to.be.above(100);
    for (let n = 0; n <= 100; n += 1) expect(cache.getEntry(`k${n}`), `k${n}`).to.equal(undefined);
    expect(cache.getEntry('new299')).to.not.equal(undefined);
  });

  it('keeps to maxBytes with long values, overwrites and two caches', async () => {
    const [one, two] = [open({ maxBytes: '2mb' }), open({ maxBytes: '2mb' })];
    const value = 'x'.repeat(50_000);

    for (let n = 0; n < 60; n += 1) {
      await one.set(`a${n}`, value);
      await two.set(`b${n}`, value);
      await two.set('same', value);
      if (n % 10 === 0) clock.advance(10);
    }
    await Promise.all([one.close(), two.close()]);

    expect(bytes()).to.be.at.most(2.2 * 2 ** 20);
    expect(files().length, 'not more leaves than needed').to.be.above(25);
  });

  it('removes what clearing set aside, and what killed writes left', async () => {
    const cache = open();
    await cache.setEntry('k', { value: 1, grace: 0 });
    await cache.clear();
    await cache.setEntry('k', { value: 2, grace: 0 });
    const left = `${join(cacheDir, files()[0]!)}.1-2.tmp`;
    writeFileSync(left, 'half');
    const past = Date.now() / 1000 - 7200;
    utimesSync(left, past, past);
    const young = join(dirname(left), 'young.tmp');
    writeFileSync(young, 'half');
    expect(names().filter((name) => /^cleared-[^/]*$/.test(name))).to.have.lengthOf(1);

    clock.advance(10);

    await settled('no rest', () => names().every((name) => !name.startsWith('cleared-')));
    await settled('no left file', () => statSync(left, { throwIfNoEntry: false }) === undefined);
    expect(statSync(young).size, 'somebody may be writing it').to.equal(4);
    expect((await cache.getEntry('k'))?.value).to.equal(2);
  });

  it('rests while nothing happens, and ends with close', async () => {
    const reader = open();
    await reader.getEntry('k');
    expect(clock.timers, 'who only reads has no timer').to.equal(0);
    await reader.setEntry('k', { value: 1, grace: 0 });
    expect(clock.timers).to.equal(1);
    await reader.close();
    expect(clock.timers).to.equal(0);
    clock.advance(100);
    expect(names()).to.include('usage.json').and.not.include('sweep.lock');
  });
});
