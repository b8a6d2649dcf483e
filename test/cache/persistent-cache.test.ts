import { expect } from 'chai';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PersistentCache } from '../../src/cache/persistent-cache.js';
import { InvalidOptionError, TierError } from '../../src/errors.js';
import { countKept, eachEngine } from './persistent/each-engine.js';
import { passesTheTierContract } from './tier-contract.js';
import { FakeClock } from '../fakes/fake-clock.js';

describe('PersistentCache', () => {
  let cacheDir: string;
  let clock: FakeClock;
  const files = () =>
    readdirSync(cacheDir, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /^entries.\w+.\w+/.test(name),
    );

  beforeEach(() => {
    cacheDir = mkdtempSync(join(tmpdir(), 'perf-cache-'));
    clock = new FakeClock();
  });
  afterEach(() => rmSync(cacheDir, { recursive: true, force: true }));

  eachEngine((engine) => {
    const opened: PersistentCache[] = [];
    const open = (options?: object) => {
      const cache = new PersistentCache({ cacheDir, clock, engine, ...options });
      opened.push(cache);
      return cache;
    };
    afterEach(() => Promise.all(opened.splice(0).map((cache) => cache.close())));

    passesTheTierContract(() => {
      const tier = open();
      return { tier, advance: (seconds) => clock.advance(seconds) };
    });

    it('survives the object that wrote it', async () => {
      await open().set('user:7', { name: 'Ada', tags: ['a', null] });

      expect(await open().get('user:7')).to.deep.equal({ name: 'Ada', tags: ['a', null] });
    });

    it('keeps the time an entry has left', async () => {
      await open().set('k', 1, { ttl: 60 });
      clock.advance(45);

      expect((await open().getEntry('k'))?.ttl).to.be.closeTo(15, 0.001);
      clock.advance(15.001);
      expect(await open().get('k')).to.equal(undefined);
      expect(countKept(cacheDir), 'what is over is removed').to.equal(0);
    });

    it('takes any text as a key, and none is a path', async () => {
      const cache = open();
      const odd = [
        '',
        '../../escape',
        '/etc/passwd',
        'a/b\\c',
        '\0',
        '💡'.repeat(500),
        'CON',
        'x'.repeat(10_000),
      ];

      for (const key of odd) await cache.set(key, key);

      for (const key of odd) expect(await cache.get(key)).to.equal(key);
      expect(countKept(cacheDir)).to.equal(odd.length);
    });

    it('refuses values JSON cannot carry, and keeps the old one', async () => {
      const cache = open();
      await cache.set('k', 'old');
      const cyclic: Record<string, unknown> = {};
      cyclic['self'] = cyclic;

      for (const value of [cyclic, 1n, () => 1]) {
        const error = await cache.set('k', { user: { value } }).catch((thrown: unknown) => thrown);
        expect(error).to.be.instanceOf(TierError);
        expect(String(error)).to.contain('persistent tier: json cannot carry user.value');
      }
      expect(await cache.get('k')).to.equal('old');
    });

    it('serves whole values while many write the same key', async () => {
      const caches = Array.from({ length: 4 }, open);
      const value = (n: number) => ({ n, text: String(n).repeat(5000) });

      await Promise.all(
        caches.flatMap((cache, c) =>
          Array.from({ length: 25 }, async (_, i) => {
            await cache.set('k', value(c * 100 + i));
            const read = await cache.get<{ n: number; text: string }>('k');
            expect(read?.text).to.equal(String(read?.n).repeat(5000));
          }),
        ),
      );

      await Promise.all(caches.map((cache) => cache.close()));
      expect(countKept(cacheDir), 'nothing temporary stays').to.equal(1);
    });

    it('deletes and clears', async () => {
      const cache = open();
      await cache.set('a', 1);
      await cache.set('b', 2);

      expect(cache.delete('a')).to.equal(true);
      expect(cache.delete('a')).to.equal(false);
      expect(await cache.has('b')).to.equal(true);
      await cache.clear();
      expect(await cache.has('b')).to.equal(false);
      expect(await cache.get('b')).to.equal(undefined);
    });

    it('names a folder it cannot use', () => {
      const file = join(cacheDir, 'file');
      writeFileSync(file, '');

      expect(() => new PersistentCache({ engine, cacheDir: join(file, 'below') })).to.throw(
        InvalidOptionError,
        /cacheDir must be a folder that can be made and written to \(ENOTDIR\), got/,
      );
      expect(() => new PersistentCache({ engine, cacheDir: '' })).to.throw(
        InvalidOptionError,
        'cacheDir must be a text',
      );
    });

    it('keeps the latest of two writes, whichever ends first', async () => {
      const cache = open();

      const long = cache.set('k', 'x'.repeat(500_000));
      await cache.set('k', 'short');
      await long;
      expect(await cache.get('k')).to.equal('short');

      const again = cache.set('k', 'x'.repeat(500_000));
      await cache.delete('k');
      await again;
      expect(await cache.get('k')).to.equal(undefined);
      expect(countKept(cacheDir)).to.equal(0);
    });

    it('keeps an entry for its grace, with its tags and what its load took', async () => {
      const cache = open();
      await cache.setEntry('k', {
        value: 1,
        ttl: 10,
        grace: 5,
        tags: { a: 'v1', __proto__x: '' },
        loadSeconds: 0.25,
      });

      clock.advance(11);
      const entry = await open().getEntry('k');
      expect(entry).to.deep.include({
        value: 1,
        grace: 5,
        tags: { a: 'v1', __proto__x: '' },
        loadSeconds: 0.25,
      });
      expect(entry?.ttl).to.be.closeTo(-1, 0.001);
      expect(await cache.get('k'), 'stale is for those who ask for it').to.equal(undefined);
      expect(await cache.has('k')).to.equal(false);
      clock.advance(4.001);
      expect(cache.getEntry('k')).to.equal(undefined);
      expect(cache.counts().expirations).to.equal(1);
    });

    it('lets no entry outlive its time when the clock goes back', async () => {
      const cache = open();
      await cache.setEntry('k', { value: 1, ttl: 60, grace: 10 });

      clock.jumpWall(-86_400);
      expect((await cache.getEntry('k'))?.ttl).to.be.closeTo(60, 0.01);
      clock.advance(40);
      expect((await open().getEntry('k'))?.ttl, 'for everyone').to.be.closeTo(20, 0.01);
      clock.advance(31);
      expect(await cache.getEntry('k')).to.equal(undefined);
    });

    it('shares versions of tags, which outlive the process', () => {
      const [store, other] = [open().tagStore, open().tagStore];

      expect(store.readVersions(['a', 'b'])).to.deep.equal(['', '']);
      const [version] = store.invalidate(['a']) as readonly string[];
      expect(other.readVersions(['b', 'a'])).to.deep.equal(['', version]);
      const [next] = other.invalidate(['a']) as readonly string[];
      expect(next).to.not.equal(version);
      expect(store.readVersions(['a'])).to.deep.equal([next]);
    });

    it('gives the right to load to one at a time', () => {
      const [one, two] = [open(), open()];

      const lock = one.lock('k', 10);
      expect(lock).to.not.equal(undefined);
      expect(two.lock('k', 10)).to.equal(undefined);
      expect(two.lock('other', 10)).to.not.equal(undefined);
      void lock?.release();
      expect(two.lock('k', 10)).to.not.equal(undefined);
      clock.advance(10.001);
      expect(one.lock('k', 10), 'it ends by itself').to.not.equal(undefined);
    });

    it('reads and deletes many', async () => {
      const cache = open();
      await cache.set('a', 1);
      await cache.set('b', 2);

      const found = await cache.getEntries(['a', 'x', 'b']);
      expect([...found].map(([key, { value }]) => [key, value])).to.deep.equal([
        ['a', 1],
        ['b', 2],
      ]);
      expect(await cache.deleteMany(['a', 'x', 'b'])).to.equal(2);
    });

    it('lists keys, and entries with all that is known of them', async () => {
      const cache = open();
      await cache.setEntry('k', { value: [1], ttl: 60, grace: 5, tags: { t: '' } });
      await cache.setEntry('over', { value: 1, ttl: 1, grace: 0 });
      const writtenAt = new Date(clock.wallNow());
      clock.advance(2);

      const entries = await listed(cache.inspect());

      expect(await listed(cache.keys())).to.deep.equal(['k']);
      const expiresAt = new Date(writtenAt.getTime() + 60_000);
      expect(entries).to.deep.equal([
        {
          key: 'k',
          serializer: 'json',
          value: [1],
          writtenAt,
          expiresAt,
          grace: 5,
          tags: ['t'],
          bytes: engine === 'files' ? 4096 : 105,
        },
      ]);
    });

    for (const serializer of ['structured', 'pickle', 'msgpack'] as const) {
      it(`keeps more than JSON can with the serializer ${serializer}`, async () => {
        const cache = open({ serializer });
        const value = { map: new Map([[1n, new Date(5)]]), bytes: Buffer.from('abc') };
        await cache.set('k', value);
        const read = await cache.get('k');
        // Another read must not change what the first one gave away.
        await cache.set('other', { bytes: Buffer.from('xyz') });
        await cache.get('other');

        expect(read).to.deep.equal(value);
        expect(await open().get('k'), 'for another serializer it is a miss').to.equal(undefined);
      });
    }

    it('takes a serializer of your own, and what it throws for a miss', async () => {
      const serializer = {
        name: 'shout',
        encode: (value: unknown) => String(value).toUpperCase(),
        decode(data: Buffer) {
          if (data.includes('BAD')) throw new Error('bad');
          return data.toString().trim();
        },
      };
      const cache = open({ serializer });
      await cache.set('k', 'hello');
      await cache.set('bad', 'bad');

      expect(await cache.get('k')).to.equal('HELLO');
      expect(await cache.get('bad')).to.equal(undefined);
      expect(cache.damaged).to.equal(1);
    });

    it('keeps going when the folder is removed while it runs', async () => {
      const cache = open();
      await cache.set('k', 1);
      rmSync(cacheDir, { recursive: true });
      clock.advance(1);

      expect(await cache.get('k')).to.equal(undefined);
      expect(cache.tagStore.readVersions(['a'])).to.deep.equal(['']);
      await cache.set('k', 2);
      expect(await cache.get('k')).to.equal(2);
    });

    it('refuses options that make no sense', () => {
      for (const [options, message] of [
        [{ serializer: 'yaml' }, 'serializer must be one of json, structured, pickle, msgpack'],
        [{ maxBytes: 0 }, 'maxBytes must be a size above 0'],
        [{ durability: 'always' }, "durability must be 'none' or 'fsync'"],
        [{ cachedir: 'x' }, 'cacheDir, perhaps'],
      ] as const) {
        expect(() => new PersistentCache({ cacheDir, engine, ...options } as never)).to.throw(
          InvalidOptionError,
          message,
        );
      }
      expect(() => open().getEntry(7 as never)).to.throw(InvalidOptionError, 'cache key must be a text');
    });
  });

  describe('as files', () => {
    const open = () => new PersistentCache({ cacheDir, clock });

    it('reads a damaged, foreign or half-written file as a miss and removes it', async () => {
      for (const damage of [
        (text: string) => text.slice(0, -5),
        (text: string) => text.replace('Ada', 'Eve'),
        (text: string) => text.replace('perf-cache 2', 'perf-cache 3'),
        (text: string) => text.replace('"key":"k"', '"key":"other"'),
        () => '',
        () => 'not ours\nat all',
        () => '{"format":1}',
      ]) {
        const cache = open();
        await cache.set('k', { name: 'Ada' });
        const file = join(cacheDir, files()[0]!);
        writeFileSync(file, damage(readFileSync(file, 'utf8')));

        expect(await cache.get('k')).to.equal(undefined);
        expect(files()).to.deep.equal([]);
        expect(cache.damaged).to.equal(1);
        expect(cache.counts().misses).to.equal(1);
      }
    });

    it('fails with an error that names the tier when the folder is taken away', async () => {
      const cache = open();
      rmSync(cacheDir, { recursive: true });
      writeFileSync(cacheDir, 'a file in its place');

      const error = await cache.set('k', 1).catch((thrown: unknown) => thrown);

      expect(error).to.be.instanceOf(TierError);
      expect(String(error)).to.match(/persistent tier: writing failed \((ENOTDIR|EEXIST)\)/);
      expect(await cache.get('k')).to.equal(undefined);
    });

    it('answers at once for small entries, and later for long ones', async () => {
      const cache = open();
      const long = 'x'.repeat(200_000);

      expect(cache.setEntry('small', { value: 1, grace: 0 })).to.equal(undefined);
      expect(cache.getEntry('small')).to.deep.equal({ value: 1, ttl: Infinity, grace: 0 });
      expect(cache.getEntry('absent')).to.equal(undefined);
      const writing = cache.setEntry('long', { value: long, grace: 0 });
      expect(writing).to.be.instanceOf(Promise);
      await writing;
      const reading = cache.getEntry('long');
      expect(reading).to.be.instanceOf(Promise);
      expect((await reading)?.value).to.equal(long);
    });

    it('writes JSON that people can read', async () => {
      await open().set('user:7', { name: 'Ada' }, { ttl: 60 });

      const [first, header, body] = readFileSync(join(cacheDir, files().at(-1)!), 'utf8').split('\n');
      expect(first).to.match(/^perf-cache 2 [0-9a-f]{8}$/);
      expect(header).to.equal(`{"key":"user:7","serializer":"json","writtenAt":${clock.wallNow()},"ttl":60}`);
      expect(body).to.equal('{"name":"Ada"}');
    });

    it('flushes to the disk on request', async () => {
      const cache = new PersistentCache({ cacheDir, clock, durability: 'fsync' });
      await Promise.all([cache.set('k', 1), cache.set('k', 2), cache.set('k', 3)]);

      expect(await cache.get('k')).to.equal(3);
      expect(files().filter((name) => name.endsWith('.tmp'))).to.deep.equal([]);
    });
  });
});

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
