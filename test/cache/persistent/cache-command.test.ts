import { expect } from 'chai';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCacheCommand } from '../../../src/cache/persistent/cache-command.js';
import { PersistentCache } from '../../../src/cache/persistent-cache.js';
import { askSqlite, eachEngine } from './each-engine.js';
import { runScript } from '../../fakes/child-script.js';

describe('performance cache', () => {
  let cacheDir: string;
  let cache: PersistentCache;

  async function run(...args: readonly string[]): Promise<{ code: number; out: string; error: string }> {
    const printed = { out: '', error: '' };
    const code = await runCacheCommand(['cache', ...args], {
      out: (line) => (printed.out += `${line}\n`),
      error: (line) => (printed.error += `${line}\n`),
    });
    return { code, ...printed };
  }

  eachEngine((engine) => {
    beforeEach(() => {
      cacheDir = mkdtempSync(join(tmpdir(), 'perf-cli-'));
      cache = new PersistentCache({ cacheDir, engine });
    });
    afterEach(async () => {
      await cache.close();
      rmSync(cacheDir, { recursive: true, force: true });
    });

    it('prints key, expiry, tags and value of every entry', async () => {
      await cache.setEntry('user:7', {
        value: { name: 'Ada' },
        ttl: 60.2,
        grace: 5,
        tags: { users: '', admins: 'v' },
      });

      const { code, out } = await run('inspect', cacheDir);

      expect(code).to.equal(0);
      expect(out).to.match(/^"user:7" {2}expires in 60 s, \d{4}-\d\d-\d\dT[\d:.]+Z, then stale for 5 s\n/);
      expect(out).to.contain('tags   "users", "admins"\n');
      expect(out).to.contain("value  { name: 'Ada' }\n");
    });

    it('prints JSON for programs, of binary values too', async () => {
      const binary = new PersistentCache({ cacheDir, engine, serializer: 'structured' });
      await binary.set('m', new Map([['a', 1]]));

      const { out } = await run('inspect', cacheDir, '--json');

      expect(JSON.parse(out)).to.deep.include({
        key: 'm',
        serializer: 'structured',
        isOver: false,
        value: "Map(1) { 'a' => 1 }",
        tags: [],
      });
    });

    it('prints nothing a terminal would obey', async () => {
      const evil = '\u001b]0;owned\u0007\u009b31m\u202eabc\u2028';
      await cache.setEntry(evil, { value: { [evil]: evil }, grace: 0, tags: { [evil]: '' } });

      for (const flags of [[], ['--json']]) {
        const { out } = await run('inspect', cacheDir, ...flags);
        // oxlint-disable-next-line no-control-regex -- they are what must not be there
        expect(out).to.not.match(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/);
        expect(out).to.contain('owned');
      }
    });

    it('tells what it cannot read, and counts what is damaged', async () => {
      const own = { name: 'own', encode: () => 'x', decode: () => 'y' };
      await new PersistentCache({ cacheDir, engine, serializer: own }).set('k', 1);
      await cache.set('over', 1, { ttl: 0.001 });
      await cache.set('bad', 1);
      damage(cacheDir, 'bad');

      expect((await run('inspect', cacheDir)).out).to.contain('own (cannot be read here)');
      const { out } = await run('stats', cacheDir, '--json');
      const bytes = engine === 'files' ? 8192 : 212;
      expect(JSON.parse(out)).to.deep.equal({ entries: 2, over: 1, tagged: 0, bytes, unreadable: 1 });
      expect((await run('stats', cacheDir)).out).to.contain(
        'entries     2, of which 1 are over and 0 have tags',
      );
    });

    it('clears a cache, and nothing that is none', async () => {
      await cache.set('k', 1);
      const foreign = join(cacheDir, 'foreign');
      mkdirSync(join(foreign, 'entries'), { recursive: true });

      for (const command of ['clear', 'inspect', 'stats']) {
        const { code, error } = await run(command, foreign);
        expect(code).to.equal(1);
        expect(error).to.contain('is no folder of a cache');
      }
      expect(readdirSync(foreign)).to.deep.equal(['entries']);
      expect((await run('clear', cacheDir)).code).to.equal(0);
      expect(await cache.get('k')).to.equal(undefined);
    });

    it('runs as a program', async () => {
      await cache.set('k', 1);

      const { code, stdout } = await runScript(`
        process.argv.push('performance', 'cache', 'inspect', ${JSON.stringify(cacheDir)});
        await import('./src/cli/main.ts');
      `);

      expect(stdout).to.contain('"k"  does not expire\n');
      expect(code).to.equal(0);
    });
  });

  it('says how it is used', async () => {
    for (const [args, message] of [
      [['burn', '.'], 'There is no cache burn.'],
      [['inspect'], 'cache inspect takes one folder.'],
      [['inspect', 'a', 'b'], 'cache inspect takes one folder.'],
      [['inspect', '.', '--yes'], "Unknown option '--yes'"],
    ] as const) {
      const { code, error } = await run(...args);
      expect(code).to.equal(2);
      expect(error).to.contain(message).and.to.contain('Usage: performance cache');
    }
    expect((await run('--help')).out).to.contain('Usage:');
  });
});

/** What a disk or a person may do to an entry. */
function damage(cacheDir: string, key: string): void {
  const names = readdirSync(cacheDir, { recursive: true, encoding: 'utf8' });
  if (names.includes('current')) {
    askSqlite(cacheDir, `UPDATE entries SET body = 'x' WHERE key = '${key}'`);
    return;
  }
  const file = names
    .map((name) => join(cacheDir, name))
    .filter((path) => /entries.\w+.\w+/.test(path))
    .find((path) => readFileSync(path, 'utf8').includes(`"${key}"`));
  writeFileSync(file!, 'x');
}
