import { expect } from 'chai';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PersistentCache } from '../../src/cache/persistent-cache.js';
import { InvalidOptionError, TierError } from '../../src/errors.js';
import { FakeClock } from '../fakes/fake-clock.js';

describe('PersistentCache', () => {
  let cacheDir: string;
  let clock: FakeClock;
  const open = () => new PersistentCache({ cacheDir, clock });
  const files = () =>
    readdirSync(cacheDir, { recursive: true, encoding: 'utf8' }).filter((name) => /\.\w+$/.test(name));

  beforeEach(() => {
    cacheDir = mkdtempSync(join(tmpdir(), 'perf-cache-'));
    clock = new FakeClock();
  });
  afterEach(() => rmSync(cacheDir, { recursive: true, force: true }));

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
    expect(files(), 'what is over is removed').to.deep.equal([]);
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
    expect(readdirSync(cacheDir)).to.deep.equal(['entries']);
  });

  it('reads a damaged, foreign or half-written file as a miss and removes it', async () => {
    for (const damage of [
      (text: string) => text.slice(0, -5),
      (text: string) => text.replace('Ada', 'Eve'),
      (text: string) => text.replace('"format":1', '"format":99'),
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
    }
  });

  it('refuses values JSON cannot carry, and keeps the old one', async () => {
    const cache = open();
    await cache.set('k', 'old');
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;

    for (const value of [cyclic, 1n, () => 1]) {
      const error = await cache.set('k', value).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(TierError);
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

    expect(files(), 'no temporary file stays').to.have.lengthOf(1);
  });

  it('deletes and clears', async () => {
    const cache = open();
    await cache.set('a', 1);
    await cache.set('b', 2);

    expect(await cache.delete('a')).to.equal(true);
    expect(await cache.delete('a')).to.equal(false);
    expect(await cache.has('b')).to.equal(true);
    await cache.clear();
    expect(await cache.has('b')).to.equal(false);
    expect(await cache.get('b')).to.equal(undefined);
  });

  it('names a folder it cannot use', () => {
    const file = join(cacheDir, 'file');
    writeFileSync(file, '');

    expect(() => new PersistentCache({ cacheDir: join(file, 'below') })).to.throw(
      InvalidOptionError,
      /cacheDir must be a folder that can be made and written to \(ENOTDIR\), got/,
    );
    expect(() => new PersistentCache({ cacheDir: '' })).to.throw(
      InvalidOptionError,
      'cacheDir must be a text',
    );
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
});
