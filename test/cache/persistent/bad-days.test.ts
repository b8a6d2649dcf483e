import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import fs, { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PersistentCache } from '../../../src/cache/persistent-cache.js';
import { TierError } from '../../../src/errors.js';
import { skipBecause } from '../../e2e/servers.js';

type FileSystem = Record<string, (...args: readonly unknown[]) => unknown>;

describe('a persistent cache on a bad day', () => {
  let cacheDir: string;
  const restores: (() => void)[] = [];
  const temporary = () =>
    readdirSync(cacheDir, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.tmp'));

  /** The next calls of a function of the file system do `instead`. */
  function replace(
    name: string,
    instead: (original: (...args: any[]) => any) => (...args: any[]) => any,
  ): void {
    const system = fs as unknown as FileSystem;
    const original = system[name]!;
    system[name] = instead(original);
    syncBuiltinESMExports();
    restores.push(() => {
      system[name] = original;
      syncBuiltinESMExports();
    });
  }

  const failing = (code: string) => () => () => {
    throw Object.assign(new Error(`${code}: no`), { code });
  };

  async function errorOf(act: () => unknown): Promise<unknown> {
    try {
      await act();
    } catch (error) {
      return error;
    }
    return undefined;
  }

  beforeEach(() => {
    cacheDir = mkdtempSync(join(tmpdir(), 'perf-bad-'));
  });
  afterEach(() => {
    for (const restore of restores.splice(0)) restore();
    rmSync(cacheDir, { recursive: true, force: true });
  });

  it('says that the disk is full, keeps the old entry and leaves nothing half written', async () => {
    const cache = new PersistentCache({ cacheDir });
    await cache.set('k', 'old');
    replace('writeFileSync', (original) => (file: string, text: string, ...more: unknown[]) => {
      original(file, text.slice(0, 10), ...more);
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    });

    const error = await errorOf(() => cache.set('k', 'new'));

    expect(error).to.be.instanceOf(TierError);
    expect(String(error)).to.contain('persistent tier: writing failed (ENOSPC)');
    expect(await cache.get('k')).to.equal('old');
    expect(temporary()).to.deep.equal([]);
  });

  for (const code of ['EMFILE', 'EACCES', 'EIO']) {
    it(`reports ${code} of a read as an error and a miss, and of tags too`, async () => {
      const cache = new PersistentCache({ cacheDir });
      await cache.set('k', 1);
      replace('openSync', failing(code));

      for (const act of [() => cache.getEntry('k'), () => cache.tagStore.readVersions(['a'])]) {
        const error = await errorOf(act);
        expect(error).to.be.instanceOf(TierError);
        expect(String(error)).to.contain(`(${code})`);
      }
      expect(cache.counts().misses).to.equal(1);
    });
  }

  it('reports a folder that became read-only, and lets everyone load without a lock', async () => {
    const cache = new PersistentCache({ cacheDir });
    await cache.set('k', 1);
    replace('writeFileSync', failing('EROFS'));
    const { openSync } = fs;
    replace('openSync', () => (file: string, flags: string) => {
      if (flags !== 'r') failing('EROFS')()();
      return openSync(file, flags);
    });
    replace('unlinkSync', failing('EROFS'));
    replace('renameSync', failing('EROFS'));

    for (const act of [() => cache.set('k', 2), () => cache.delete('k'), () => cache.clear()]) {
      expect(String(await errorOf(act))).to.match(/TierError: persistent tier: \w+ failed \(EROFS\)/);
    }
    expect(await cache.get('k')).to.equal(1);
    expect(cache.lock('k', 10)).to.not.equal(undefined);
    expect(cache.lock('k', 10)).to.not.equal(undefined);
  });

  it('survives a disk that is really full', async function () {
    const small = join(cacheDir, 'small');
    mkdirSync(small);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', small], { stdio: 'ignore' });
    } catch {
      skipBecause(this, 'a full disk needs the right to mount one: run the tests as root');
    }
    try {
      const cache = new PersistentCache({ cacheDir: small });
      let full: unknown;
      let kept = 0;
      for (; full === undefined && kept < 1000; kept += 1) {
        full = await errorOf(() => cache.set(`k${kept}`, `${kept}`.repeat(2000)));
      }
      const long = await errorOf(() => cache.set('long', 'x'.repeat(300_000)));

      expect(String(full)).to.contain('writing failed (ENOSPC)');
      expect(String(long)).to.contain('writing failed (ENOSPC)');
      for (let n = 0; n < kept - 1; n += 1) expect(await cache.get(`k${n}`)).to.equal(`${n}`.repeat(2000));
      expect(cache.damaged).to.equal(0);
      cache.clear();
      await cache.close();
      await cache.set('after', 1);
      expect(await cache.get('after')).to.equal(1);
    } finally {
      execFileSync('umount', [small]);
    }
  });
});
