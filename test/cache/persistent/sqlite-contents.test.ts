import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCacheCommand } from '../../../src/cache/persistent/cache-command.js';
import { CacheFolder } from '../../../src/cache/persistent/cache-folder.js';
import { PersistentCache } from '../../../src/cache/persistent-cache.js';
import { runScript } from '../../fakes/child-script.js';
import { databaseOf, needsSqlite } from './each-engine.js';

let cacheDir: string;

async function run(...args: readonly string[]): Promise<{ code: number; out: string; error: string }> {
  const printed = { out: '', error: '' };
  const code = await runCacheCommand(['cache', ...args], {
    out: (line) => (printed.out += `${line}\n`),
    error: (line) => (printed.error += `${line}\n`),
  });
  return { code, ...printed };
}

describe('performance cache on a folder of the engine sqlite', () => {
  needsSqlite();
  beforeEach(() => {
    cacheDir = mkdtempSync(join(tmpdir(), 'perf-cli-'));
  });
  afterEach(() => rmSync(cacheDir, { recursive: true, force: true }));

  it('reads what a killed process left', async () => {
    const { code } = await runScript(`
      const { PersistentCache } = await import('./src/cache/persistent-cache.ts');
      const cache = new PersistentCache({ engine: 'sqlite', cacheDir: ${JSON.stringify(cacheDir)} });
      for (let n = 0; n < 200; n += 1) await cache.set('k' + n, n);
      process.kill(process.pid, 'SIGKILL');
    `);
    expect(code).to.equal(null);

    const { out } = await run('inspect', cacheDir);

    expect(out.match(/does not expire/g)).to.have.lengthOf(200);
    expect((await run('stats', cacheDir)).out).to.match(/bytes, in a database of \d+ bytes/);
  });

  it('knows a folder in which nothing was written yet', async () => {
    await new PersistentCache({ cacheDir, engine: 'sqlite' }).close();

    expect(JSON.parse((await run('stats', cacheDir, '--json')).out)).to.deep.include({
      entries: 0,
      bytes: 0,
    });
    expect((await run('clear', cacheDir)).code).to.equal(0);
  });

  it('reports a damaged database and leaves it as it is', async () => {
    const cache = new PersistentCache({ cacheDir, engine: 'sqlite' });
    await cache.set('k', 1);
    await cache.close();
    writeFileSync(databaseOf(cacheDir), 'no database');

    const { code, error } = await run('inspect', cacheDir);

    expect(code).to.equal(1);
    expect(error).to.contain('cache inspect failed: file is not a database');
    expect(readFileSync(databaseOf(cacheDir), 'utf8')).to.equal('no database');
  });
});

describe('performance cache on a folder of the engine sqlite, with a Node that has none', () => {
  it('says what it needs', async () => {
    cacheDir = mkdtempSync(join(tmpdir(), 'perf-cli-'));
    CacheFolder.open(cacheDir, 'sqlite');
    const { getBuiltinModule } = process;
    process.getBuiltinModule = () => undefined as never;
    try {
      const { code, error } = await run('stats', cacheDir);

      expect(code).to.equal(1);
      expect(error).to.contain(
        "a folder of the engine 'sqlite' needs node:sqlite, which Node has from 22.13 on",
      );
    } finally {
      process.getBuiltinModule = getBuiltinModule;
      rmSync(cacheDir, { recursive: true });
    }
  });
});
