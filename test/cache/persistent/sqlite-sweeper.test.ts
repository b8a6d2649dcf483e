import { expect } from 'chai';
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeLock } from '../../../src/cache/persistent/lock-file.js';
import { PersistentCache } from '../../../src/cache/persistent-cache.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { waitFor } from '../../e2e/wait-for.js';
import { askSqlite, countKept, needsSqlite } from './each-engine.js';

describe('sweeping a persistent cache in SQLite', () => {
  let cacheDir: string;
  let clock: FakeClock;
  const caches: PersistentCache[] = [];
  const open = (options?: object) => {
    const cache = new PersistentCache({ cacheDir, clock, engine: 'sqlite', ...options });
    caches.push(cache);
    return cache;
  };
  const bytes = () =>
    askSqlite(
      cacheDir,
      'SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size',
    )[0]!['bytes'] as number;
  const settled = (what: string, holds: () => boolean) => waitFor(holds, { what });

  needsSqlite();
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
    for (let n = 0; n < 600; n += 1) await cache.setEntry(`over${n}`, { value: n, ttl: 1, grace: 1 });
    await cache.setEntry('stale', { value: 1, ttl: 1, grace: 100 });
    await cache.setEntry('fresh', { value: 1, ttl: 100, grace: 0 });
    await cache.setEntry('forever', { value: 1, grace: 0 });

    clock.advance(11);

    await settled('three entries', () => countKept(cacheDir) === 3);
    expect(cache.counts().expirations).to.equal(600);
    expect(cache.getEntry('stale')).to.not.equal(undefined);
  });

  it('comes back when an entry it knows of is due, without a write', async () => {
    await open().setEntry('k', { value: 1, ttl: 60, grace: 0 });
    clock.advance(11);
    await settled('the end of the first sweep', () => !existsSync(join(cacheDir, 'sweep.lock')));
    expect(countKept(cacheDir)).to.equal(1);

    clock.advance(60);

    await settled('no entry', () => countKept(cacheDir) === 0);
  });

  it('sweeps in one process at a time', async () => {
    const cache = open();
    await cache.setEntry('k', { value: 1, ttl: 1, grace: 0 });
    const lock = takeLock(join(cacheDir, 'sweep.lock'), 600, clock);

    clock.advance(20);
    await cache.close();
    expect(countKept(cacheDir)).to.equal(1);

    lock?.release();
    const next = open();
    await next.set('other', 1);
    clock.advance(10);
    await settled('one entry', () => countKept(cacheDir) === 1);
  });

  it('keeps to maxBytes while it is written to, the least recently written leave first', async () => {
    const cache = open({ maxBytes: 4096 * 200 });
    const value = 'x'.repeat(900);
    for (let n = 0; n < 400; n += 1) {
      await cache.set(`k${n}`, value);
      clock.advance(0.001);
    }
    for (let n = 0; n < 100; n += 1) {
      await cache.set(`k${n}`, value);
      clock.advance(0.001);
    }
    for (let n = 0; n < 600; n += 1) {
      await cache.set(`new${n}`, value);
      clock.advance(0.001);
    }

    await settled('less than the limit', () => bytes() <= 4096 * 215);
    expect(cache.counts().evictions).to.be.above(200);
    for (let n = 100; n < 200; n += 1) expect(await cache.has(`k${n}`), `k${n}`).to.equal(false);
    for (let n = 300; n < 600; n += 1) expect(await cache.has(`new${n}`), `new${n}`).to.equal(true);
    expect(countKept(cacheDir), 'not more leaves than needed').to.be.above(500);
    const kept = await Promise.all(Array.from({ length: 100 }, (_, n) => cache.has(`k${n}`)));
    expect(kept.filter(Boolean).length, 'overwritten later than the others').to.be.above(0);
  });

  it('keeps to maxBytes with long values, overwrites and two caches', async () => {
    const [one, two] = [open({ maxBytes: '2mb' }), open({ maxBytes: '2mb' })];
    const value = 'x'.repeat(50_000);

    for (let n = 0; n < 60; n += 1) {
      await one.set(`a${n}`, value);
      await two.set(`b${n}`, value);
      await two.set('same', value);
    }
    await Promise.all([one.close(), two.close()]);

    expect(bytes()).to.be.at.most(2.2 * 2 ** 20);
    expect(countKept(cacheDir), 'not more leaves than needed').to.be.above(25);
    expect(await one.has('same')).to.equal(true);
  });

  it('removes what processes left that died, and no database in use', async () => {
    const cache = open();
    await cache.set('k', 1);
    const left = ['entries-0123456789ab.sqlite', 'entries-0123456789ab.sqlite-wal', 'locks/dead'];
    await cache.lock('k', 10)?.release();
    for (const name of [...left, 'entries-ba9876543210.sqlite', 'mine.sqlite']) {
      writeFileSync(join(cacheDir, name), '');
    }
    const past = Date.now() / 1000 - 7200;
    for (const name of [...left, 'mine.sqlite']) utimesSync(join(cacheDir, name), past, past);

    clock.advance(10);

    await settled('no rest', () => left.every((name) => !existsSync(join(cacheDir, name))));
    expect(readdirSync(cacheDir)).to.include.members(['entries-ba9876543210.sqlite', 'mine.sqlite']);
    expect(await cache.get('k')).to.equal(1);
  });

  it('rests while nothing happens, and ends with close', async () => {
    const reader = open();
    await reader.getEntry('k');
    expect(clock.timers, 'who only reads has no timer').to.equal(0);
    await reader.set('k', 1);
    expect(clock.timers).to.equal(1);
    await reader.close();
    expect(clock.timers).to.equal(0);
  });
});
