import { expect } from 'chai';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Install {
  readonly ensureInstalled: (
    root: string,
    options: { npmCi: (root: string) => Promise<void> },
  ) => Promise<boolean>;
}

interface Lock {
  readonly lockPath: (purpose: string, folder: string) => string;
}

describe('scripts/install', () => {
  let ensureInstalled: Install['ensureInstalled'];
  let lockPath: Lock['lockPath'];
  let root: string;
  let installs: number;

  before(async () => {
    ({ ensureInstalled } = await load<Install>('install'));
    ({ lockPath } = await load<Lock>('lock'));
  });

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'performance-install-')));
    installs = 0;
    writeLock('1.0.0');
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('installs where node_modules is missing, and once only', async () => {
    expect(await ensureInstalled(root, { npmCi })).to.equal(true);
    expect(await ensureInstalled(root, { npmCi })).to.equal(false);
    expect(installs).to.equal(1);
  });

  it('installs again after the lock changed', async () => {
    await ensureInstalled(root, { npmCi });
    writeLock('1.0.1');

    expect(await ensureInstalled(root, { npmCi })).to.equal(true);
    expect(installs).to.equal(2);
  });

  it('leaves packages alone that npm install put there from this lock', async () => {
    writeTree('1.0.0');

    expect(await ensureInstalled(root, { npmCi })).to.equal(false);
  });

  it('leaves packages alone that were replaced on purpose after an install', async () => {
    await ensureInstalled(root, { npmCi });
    writeTree('2.0.0');

    expect(await ensureInstalled(root, { npmCi })).to.equal(false);
  });

  it('installs where node_modules came from another lock', async () => {
    writeTree('0.9.0');

    expect(await ensureInstalled(root, { npmCi })).to.equal(true);
  });

  it('installs where a package of the lock is not there', async () => {
    writeTree('1.0.0', {});

    expect(await ensureInstalled(root, { npmCi })).to.equal(true);
  });

  it('asks for no optional package of other platforms', async () => {
    writeLock('1.0.0', { 'node_modules/only-elsewhere': { version: '1.0.0', optional: true } });
    writeTree('1.0.0');

    expect(await ensureInstalled(root, { npmCi })).to.equal(false);
  });

  it('installs once when two ask at the same time', async () => {
    const both = await Promise.all([ensureInstalled(root, { npmCi }), ensureInstalled(root, { npmCi })]);

    expect(both).to.have.members([true, false]);
    expect(installs).to.equal(1);
  });

  it('takes over the lock of a process that died', async () => {
    const lock = lockPath('install', root);
    mkdirSync(lock);
    writeFileSync(join(lock, 'owner'), String(2 ** 22 + 1));

    expect(await ensureInstalled(root, { npmCi })).to.equal(true);
    expect(existsSync(lock)).to.equal(false);
  });

  it('passes on why npm failed, and tries again the next time', async () => {
    const error = await ensureInstalled(root, { npmCi: fail }).catch((reason: unknown) => reason);

    expect(String(error)).to.contain('exit code 7');
    expect(await ensureInstalled(root, { npmCi })).to.equal(true);
  });

  it('says so where there is no package-lock.json', async () => {
    rmSync(join(root, 'package-lock.json'));
    const error = await ensureInstalled(root, { npmCi }).catch((reason: unknown) => reason);

    expect(String(error)).to.contain('has no package-lock.json');
  });

  async function npmCi(folder: string): Promise<void> {
    installs += 1;
    mkdirSync(join(folder, 'node_modules'), { recursive: true });
  }

  function writeLock(version: string, others = {}): void {
    const packages = {
      '': { name: 'root' },
      'node_modules/a': { version },
      'node_modules/b': { version },
      ...others,
    };
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }));
  }

  /** What npm writes into node_modules about the packages it put there. */
  function writeTree(version: string, b: object = { 'node_modules/b': { version } }): void {
    mkdirSync(join(root, 'node_modules'), { recursive: true });
    const packages = { 'node_modules/a': { version }, ...b };
    writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }));
  }
});

function fail(): Promise<void> {
  return Promise.reject(new Error('npm ci failed with exit code 7'));
}

/** The scripts are plain JavaScript without types. */
async function load<T>(name: string): Promise<T> {
  return import(new URL(`../../scripts/${name}.mjs`, import.meta.url).href);
}
