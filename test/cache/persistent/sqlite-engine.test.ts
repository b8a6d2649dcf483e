import { expect } from 'chai';
import fs, {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { PersistentCache } from '../../../src/cache/persistent-cache.js';
import { InvalidOptionError, TierError } from '../../../src/errors.js';
import { runScript } from '../../fakes/child-script.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { askSqlite, databaseOf, needsSqlite } from './each-engine.js';

const require = createRequire(import.meta.url);

describe('a persistent cache in SQLite', () => {
  let cacheDir: string;
  let clock: FakeClock;
  const caches: PersistentCache[] = [];
  const open = (options?: object) => {
    const cache = new PersistentCache({ cacheDir, clock, engine: 'sqlite', ...options });
    caches.push(cache);
    return cache;
  };

  needsSqlite();
  beforeEach(() => {
    cacheDir = mkdtempSync(join(tmpdir(), 'perf-sqlite-'));
    clock = new FakeClock();
  });
  afterEach(async () => {
    await Promise.all(caches.splice(0).map((cache) => cache.close()));
    rmSync(cacheDir, { recursive: true, force: true });
  });

  it('keeps text that any client can read', async () => {
    await open().setEntry('user:7', { value: { name: 'Ada' }, ttl: 60, grace: 5, tags: { users: 'v1' } });

    const [row] = askSqlite(cacheDir, 'SELECT * FROM entries');

    expect(row).to.deep.include({
      key: 'user:7',
      serializer: 'json',
      written_at: clock.wallNow(),
      ttl: 60,
      grace: 5,
      over_at: clock.wallNow() + 65_000,
      tags: '{"users":"v1"}',
      body: '{"name":"Ada"}',
    });
    expect(askSqlite(cacheDir, 'PRAGMA journal_mode')[0]).to.deep.include({ journal_mode: 'wal' });
  });

  it('tells keys apart that differ in what UTF-8 cannot carry', async () => {
    const cache = open();
    const keys = ['\ud800', '\ud801', '\ufffd', '"\\ud800"', '"', '""', 'a\0b', 'a\0c', 'a'];

    for (const key of keys) await cache.set(key, key);

    for (const key of keys) expect(await cache.get(key)).to.equal(key);
    const listed: string[] = [];
    for await (const key of cache.keys()) listed.push(key);
    expect(listed).to.have.members(keys);
    for (const key of keys) expect(await cache.delete(key)).to.equal(true);
  });

  it('keeps text of a serializer of your own whole', async () => {
    const own = {
      name: 'own',
      encode: (value: unknown) => value as string,
      decode: (text: Buffer) => text.toString(),
    };
    const cache = open({ serializer: own });
    for (const text of ['a\0b', '', 'ü💡', '\0']) {
      await cache.set('k', text);
      expect(await cache.get('k')).to.equal(text);
    }
    expect(cache.damaged).to.equal(0);
  });

  it('counts what others changed in an entry as a miss, and removes it', async () => {
    for (const change of [
      `body = replace(body, 'Ada', 'Eve')`,
      `body = 'not JSON'`,
      `body = x'7b7d'`,
      `body = 7`,
      `key = 'k', tags = '{"a":"v2"}'`,
      `serializer = 'structured'`,
      `ttl = 1e9`,
      `written_at = 1`,
      `checksum = 9e999`,
    ]) {
      const cache = open();
      await cache.setEntry('k', { value: { name: 'Ada' }, ttl: 60, grace: 0, tags: { a: 'v1' } });
      askSqlite(cacheDir, `UPDATE entries SET ${change}`);

      expect(await cache.get('k'), change).to.equal(undefined);
      expect(cache.damaged).to.equal(1);
      expect(cache.counts().misses).to.equal(1);
      expect(askSqlite(cacheDir, 'SELECT * FROM entries')).to.deep.equal([]);
    }
  });

  it('counts an entry under the key of another one as a miss', async () => {
    const cache = open();
    await cache.set('k', 1);
    askSqlite(cacheDir, `UPDATE entries SET key = 'other'`);

    expect(await cache.get('other')).to.equal(undefined);
    expect(cache.damaged).to.equal(1);
  });

  const ruins: readonly (readonly [title: string, ruin: () => void])[] = [
    ['no database', () => writeFileSync(databaseOf(cacheDir), 'not a database at all'.repeat(1000))],
    ['an empty file', () => writeFileSync(databaseOf(cacheDir), '')],
    ['gone', () => rmSync(databaseOf(cacheDir))],
    ['of a newer format', () => void askSqlite(cacheDir, 'PRAGMA user_version = 2')],
    ['without its table', () => void askSqlite(cacheDir, 'DROP TABLE entries')],
    ['damaged within', () => overwritePages(databaseOf(cacheDir))],
  ];
  for (const [title, ruin] of ruins) {
    it(`replaces a database that is ${title}, and counts it`, async () => {
      const before = open();
      for (let n = 0; n < 500; n += 1) await before.set(`k${n}`, 'x'.repeat(500));
      await before.close();
      ruin();

      const cache = open();
      for (let n = 0; n < 500; n += 1)
        expect([undefined, 'x'.repeat(500)]).to.include(await cache.get(`k${n}`));
      await cache.set('k1', 'new');

      expect(cache.damaged).to.equal(1);
      expect(await cache.get('k1')).to.equal('new');
      expect(await open().get('k1'), 'for everyone').to.equal('new');
      await cache.close();
      expect(databases(cacheDir), 'the damaged one is gone').to.have.lengthOf(1);
    });
  }

  it('makes do with a file that names no database', async () => {
    await open().set('k', 1);
    for (const content of ['', '../../escape', 'entries-000000000000.sqlite\n']) {
      writeFileSync(join(cacheDir, 'current'), content);
      const cache = open();

      expect(await cache.get('k')).to.equal(undefined);
      await cache.set('k', 2);
      expect(await open().get('k')).to.equal(2);
    }
  });

  it('changes to the new database when another process found damage', async () => {
    const [one, two] = [open(), open()];
    await one.set('k', 1);
    expect(await two.get('k')).to.equal(1);
    await Promise.all(caches.map((cache) => cache.close()));
    await two.get('k');
    writeFileSync(databaseOf(cacheDir), 'no database');

    const finder = open();
    await finder.set('k', 2);
    clock.advance(0.1);

    expect(await two.get('k')).to.equal(2);
    await two.set('k', 3);
    expect(await finder.get('k')).to.equal(3);
  });

  it('clears for everyone at once, and gives the room back', async () => {
    const [one, two] = [open(), open()];
    const entries = Array.from({ length: 300 }, (_, n) => [`k${n}`, entryOf('x'.repeat(2000))] as const);
    await one.setEntries(new Map(entries));
    expect(await two.get('k7')).to.not.equal(undefined);

    await one.clear();

    expect(await two.get('k7')).to.equal(undefined);
    expect(await two.delete('k7')).to.equal(false);
    await two.set('k7', 'new');
    expect(await one.get('k7')).to.equal('new');
    expect(askSqlite(cacheDir, 'PRAGMA page_count')[0]!['page_count']).to.be.below(10);
    await one.close();
    expect(databases(cacheDir)).to.have.lengthOf(1);
    expect(two.damaged + one.damaged).to.equal(0);
  });

  it('clears what there is when two clear in turn, from a database that one of them has left', async () => {
    const [one, two] = [open(), open()];
    await one.set('a', 1);
    await two.get('a');
    await one.clear();
    await one.set('b', 1);

    await two.clear();

    expect(await one.get('b')).to.equal(undefined);
    expect(await two.get('b')).to.equal(undefined);
  });

  it('uses the database of who was first, at the latest moment', async () => {
    const [one, two] = [open(), open()];
    const { linkSync } = fs;
    fs.linkSync = (...paths) => {
      fs.linkSync = linkSync;
      syncBuiltinESMExports();
      void two.setEntry('two', entryOf(2));
      linkSync(...paths);
    };
    syncBuiltinESMExports();

    await one.set('one', 1);

    expect(await one.get('two')).to.equal(2);
    expect(await two.get('one')).to.equal(1);
    clock.advance(1);
    expect(await open().get('one')).to.equal(1);
    expect(await open().get('two')).to.equal(2);
  });

  it('writes many as one, or none when one cannot be carried', async () => {
    const cache = open();
    const many = new Map(Array.from({ length: 450 }, (_, n) => [`k${n}`, entryOf(n)]));

    await cache.setEntries(many);
    expect(await cache.get('k449')).to.equal(449);

    const error = await errorOf(() => cache.setEntries(new Map([...many, ['bad', entryOf(1n)]])));
    expect(error).to.be.instanceOf(TierError);
    expect(await cache.has('bad')).to.equal(false);
  });

  it('is shared with other processes and worker threads', async () => {
    const cache = open({ clock: undefined });
    await cache.set('here', 1);
    const source = `
      const { PersistentCache } = await import(${JSON.stringify(new URL('../../../src/cache/persistent-cache.ts', import.meta.url).href)});
      const cache = new PersistentCache({ engine: 'sqlite', cacheDir: ${JSON.stringify(cacheDir)} });
      for (let n = 0; n < 100; n += 1) await cache.set('there' + n, (await cache.get('here')) + n);
    `;

    const child = await runScript(source);
    expect(child.code, child.stderr).to.equal(0);
    expect(await cache.get('there99'), 'a process that did not close').to.equal(100);

    await cache.clear();
    await cache.set('here', 1000);
    const typed = `
      const { register } = await import(${JSON.stringify(pathToFileURL(require.resolve('tsx/esm/api')).href)});
      register();
      ${source}
    `;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(typed)}`));
    const failed = await new Promise((resolve) => worker.once('error', resolve).once('exit', resolve));
    expect(failed).to.equal(0);
    expect(await cache.get('there99')).to.equal(1099);
  });

  it('may be closed again and again, and used afterwards', async () => {
    const cache = open();
    await cache.set('k', 1);

    await Promise.all([cache.close(), cache.close()]);
    await cache.close();

    expect(await cache.get('k')).to.equal(1);
    await cache.set('k', 2);
    expect(await cache.get('k')).to.equal(2);
    expect(clock.timers).to.equal(0);
  });

  it('flushes to the disk on request', async () => {
    const cache = open({ durability: 'fsync' });
    await cache.set('k', 1);
    await cache.clear();
    await cache.set('k', 2);
    expect(await cache.get('k')).to.equal(2);
  });

  it('leaves a folder to the engine that made it', async () => {
    await open().set('k', 1);
    const files = join(cacheDir, 'files');
    await new PersistentCache({ cacheDir: files }).set('k', 1);

    expect(() => open({ engine: 'files' })).to.throw(
      InvalidOptionError,
      "cacheDir must be a folder of its own, as the engine 'sqlite' keeps this one, got",
    );
    expect(() => open({ cacheDir: files })).to.throw(
      InvalidOptionError,
      "as the engine 'files' keeps this one",
    );
  });
});

describe('a persistent cache in SQLite on a Node that has none', () => {
  it('says what it needs, and what does without', () => {
    const { getBuiltinModule } = process;
    const cacheDir = mkdtempSync(join(tmpdir(), 'perf-sqlite-'));
    process.getBuiltinModule = () => undefined as never;
    try {
      expect(() => new PersistentCache({ cacheDir, engine: 'sqlite' })).to.throw(
        InvalidOptionError,
        /engine must be 'files' on Node v\S+, as 'sqlite' needs node:sqlite, which Node has from 22\.13 on/,
      );
      expect(readdirSync(cacheDir)).to.deep.equal([]);
      expect(() => new PersistentCache({ engine: 'lmdb' as never })).to.throw(
        "engine must be 'files' or 'sqlite'",
      );
    } finally {
      process.getBuiltinModule = getBuiltinModule;
      rmSync(cacheDir, { recursive: true });
    }
  });
});

function entryOf(value: unknown): { readonly value: unknown; readonly ttl: number; readonly grace: number } {
  return { value, ttl: 60, grace: 0 };
}

function databases(cacheDir: string): readonly string[] {
  return readdirSync(cacheDir).filter((name) => name.endsWith('.sqlite'));
}

/** All pages but the first two are filled with something else. */
function overwritePages(file: string): void {
  const size = statSync(file).size;
  const descriptor = openSync(file, 'r+');
  for (let at = 8192; at < size; at += 4096)
    writeSync(descriptor, Buffer.alloc(4096, 'garbage!'), 0, 4096, at);
  closeSync(descriptor);
}

async function errorOf(act: () => unknown): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return error;
  }
  return undefined;
}
