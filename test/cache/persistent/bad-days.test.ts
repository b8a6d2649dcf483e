import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import fs, { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PersistentCache } from '../../../src/cache/persistent-cache.js';
import { TierError } from '../../../src/errors.js';
import { eachEngine } from './each-engine.js';
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

  eachEngine((engine) => {
    const full = engine === 'files' ? 'ENOSPC' : 'SQLITE_FULL';

    it('survives a disk that is really full', async function () {
      const small = mountTemporary(this, cacheDir);
      try {
        const cache = new PersistentCache({ cacheDir: small, engine });
        let refusal: unknown;
        let kept = 0;
        for (; refusal === undefined && kept < 1000; kept += 1) {
          refusal = await errorOf(() => cache.set(`k${kept}`, `${kept}`.repeat(2000)));
        }
        const long = await errorOf(() => cache.set('long', 'x'.repeat(300_000)));

        expect(String(refusal)).to.contain(`writing failed (${full})`);
        expect(String(long)).to.contain(`writing failed (${full})`);
        expect(kept).to.be.above(10);
        for (let n = 0; n < kept - 1; n += 1) {
          expect(await cache.get(`k${n}`)).to.equal(`${n}`.repeat(2000));
        }
        expect(cache.damaged).to.equal(0);
        await cache.clear();
        await cache.close();
        await cache.set('after', 1);
        expect(await cache.get('after')).to.equal(1);
        await cache.close();
      } finally {
        execFileSync('umount', [small]);
      }
    });

    it('says what it cannot do when the disk is made read-only', async function () {
      const small = mountTemporary(this, cacheDir);
      try {
        const cache = new PersistentCache({ cacheDir: small, engine });
        await cache.set('k', 1);
        // A file that is open would keep the disk as it is.
        await cache.close();
        execFileSync('mount', ['-o', 'remount,ro', small]);

        for (const act of [() => cache.set('k', 2), () => cache.delete('k'), () => cache.clear()]) {
          expect(await errorOf(act)).to.be.instanceOf(TierError);
        }
        // SQLite writes down who reads.
        if (engine === 'sqlite') expect(await errorOf(() => cache.get('k'))).to.be.instanceOf(TierError);
        else expect(await cache.get('k')).to.equal(1);
        expect(() => new PersistentCache({ cacheDir: small, engine })).to.throw(
          'cacheDir must be a folder that can be made and written to (EROFS)',
        );
      } finally {
        execFileSync('umount', [small]);
      }
    });
  });
});

/** A folder on a disk of its own, of 256 KiB. */
function mountTemporary(context: Mocha.Context, parent: string): string {
  const path = join(parent, 'small');
  mkdirSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', path], { stdio: 'ignore' });
  } catch {
    skipBecause(context, 'a disk of its own needs the right to mount one: run the tests as root');
  }
  return path;
}
