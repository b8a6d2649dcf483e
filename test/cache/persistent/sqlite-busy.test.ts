import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSqlite, type SqliteDatabase } from '../../../src/cache/persistent/sqlite-module.js';
import { PersistentCache } from '../../../src/cache/persistent-cache.js';
import { TierError } from '../../../src/errors.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { databaseOf, needsSqlite } from './each-engine.js';

describe('a persistent cache whose database another process has locked', () => {
  let cacheDir: string;
  let clock: FakeClock;
  let cache: PersistentCache;
  let other: SqliteDatabase;

  needsSqlite();
  beforeEach(async () => {
    cacheDir = mkdtempSync(join(tmpdir(), 'perf-busy-'));
    clock = new FakeClock();
    cache = new PersistentCache({ cacheDir, clock, engine: 'sqlite' });
    await cache.set('k', 'old');
    other = new (loadSqlite()!.DatabaseSync)(databaseOf(cacheDir));
    other.exec('BEGIN IMMEDIATE');
  });
  afterEach(async () => {
    other.close();
    await cache.close();
    rmSync(cacheDir, { recursive: true, force: true });
  });

  it('reads on', async () => {
    expect(cache.getEntry('k')).to.deep.include({ value: 'old' });
  });

  it('fails with an error after 5 s, and blocks the event loop for some milliseconds only', async () => {
    const start = performance.now();
    const failures = [cache.set('k', 'new'), cache.delete('k'), cache.clear()].map(errorOf);
    const blockedMs = performance.now() - start;

    clock.advance(4.9);
    expect(await Promise.race([failures[0], Promise.resolve('waiting')])).to.equal('waiting');
    clock.advance(0.2);

    for (const failure of await Promise.all(failures)) {
      expect(failure).to.be.instanceOf(TierError);
      expect(String(failure)).to.match(/persistent tier: \w+ failed \(SQLITE_BUSY\)/);
    }
    expect(blockedMs, 'only the first one asks SQLite').to.be.below(1000);
    expect(await cache.get('k')).to.equal('old');
  });

  it('does what waits in its order once the lock is free', async () => {
    const waiting = Promise.all([
      cache.set('k', 'first'),
      cache.delete('k'),
      cache.set('k', 'last'),
      cache.setEntries(new Map([['many', { value: 1, grace: 0 }]])),
    ]);

    clock.advance(1);
    other.exec('ROLLBACK');
    clock.advance(0.02);

    expect((await waiting)[1], 'there was something to delete').to.equal(true);
    expect(await cache.has('many')).to.equal(true);
    expect(await cache.get('k')).to.equal('last');
    expect(cache.setEntry('k', { value: 1, grace: 0 }), 'at once again').to.equal(undefined);
  });

  it('keeps a limit on what waits', async () => {
    const waiting = Array.from({ length: 1000 }, (_, n) => errorOf(cache.set(`k${n}`, n)));

    const failure = await errorOf(cache.set('one more', 1));

    expect(String(failure)).to.contain('writing failed (SQLITE_BUSY)');
    other.exec('ROLLBACK');
    clock.advance(0.02);
    expect(await Promise.all(waiting)).to.deep.equal(waiting.map(() => undefined));
  });

  it('gives the right to load, and versions of tags, without the lock', () => {
    expect(cache.lock('k', 10)).to.not.equal(undefined);
    const versions = cache.tagStore.invalidate(['a']);
    expect(cache.tagStore.readVersions(['a'])).to.deep.equal(versions);
  });

  it('reads past an entry that is over, which it cannot remove now', async () => {
    other.exec('ROLLBACK');
    await cache.set('short', 1, { ttl: 1 });
    other.exec('BEGIN IMMEDIATE');
    clock.advance(2);

    expect(cache.getEntry('short')).to.equal(undefined);
  });

  it('counts an entry from the future as written now', async () => {
    other.exec('ROLLBACK');
    await cache.set('k', 1, { ttl: 60 });
    other.exec('BEGIN IMMEDIATE');
    clock.jumpWall(-3600);

    expect((await cache.getEntry('k'))?.ttl).to.be.closeTo(60, 0.01);
  });
});

async function errorOf(result: unknown): Promise<unknown> {
  try {
    await result;
  } catch (error) {
    return error;
  }
  return undefined;
}
