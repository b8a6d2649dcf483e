import { expect } from 'chai';
import { readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { installPacked, root, run } from '../e2e/packed.js';

const DIST = join(root, 'dist');

/** Every entry but `register`, which is there for its side effects, and the packages each may load. */
const ENTRIES: Readonly<Record<string, readonly string[]>> = {
  'index.js': ['@opentelemetry/api', 'lru-cache'],
  'integrations/http.js': ['@opentelemetry/api'],
  'integrations/express.js': ['@opentelemetry/api'],
  'integrations/fastify.js': ['@opentelemetry/api'],
  'integrations/hono.js': ['@opentelemetry/api'],
  'integrations/nestjs.js': ['@opentelemetry/api', 'lru-cache'],
  'testing.js': [],
};

/** Some percent above what it is: reading and compiling this is a third of the time that the import takes. */
const MAX_OWN_BYTES = 600_000;
const MAX_OWN_FILES = 6;

/** Take milliseconds to load, `node:http` on Node 24 tens of them: only for who serves, connects, forks, hashes or packs. */
const LATE_BUILT_INS = [
  'http',
  'https',
  'tls',
  'cluster',
  'child_process',
  'sqlite',
  'crypto',
  'zlib',
  'v8',
  'vm',
  'fs/promises',
];

/** What a module may leave behind by being imported. */
const TRACES = `
import { readdirSync, readlinkSync } from 'node:fs';

export function traces() {
  return {
    resources: process.getActiveResourcesInfo().toSorted(),
    listeners: process.eventNames().map((name) => \`\${String(name)} \${process.listenerCount(name)}\`).toSorted(),
    globals: Reflect.ownKeys(globalThis).map(String).toSorted(),
    environment: Object.keys(process.env).toSorted(),
    files: openFiles(),
  };
}

function openFiles() {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync('/proc/self/fd/' + fd)];
    } catch {
      return [];
    }
  }).filter((path) => path.startsWith('/') && !path.startsWith('/proc/')).toSorted();
}
`;

/** Tells every module that is loaded, before it is. */
const TELLING_HOOKS = `
import { writeSync } from 'node:fs';
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  writeSync(1, 'loaded ' + found.url + '\\n');
  return found;
}
`;

describe('importing the package', function () {
  this.timeout(60_000);

  for (const [entry, packages] of Object.entries(ENTRIES)) {
    it(`leaves nothing behind: ${entry}`, async () => {
      const program = `
        const { traces } = await import(${JSON.stringify(asModule(TRACES))});
        // What Node opens when it is first used, whoever does.
        await import('node:assert/strict');
        void [process.stdin, process.stdout, process.stderr];
        const before = traces();
        await import(${JSON.stringify(urlOf(entry))});
        // The files of the modules are closed by and by.
        while (process.getActiveResourcesInfo().includes('CloseReq')) await new Promise(setImmediate);
        console.log(JSON.stringify({ before, after: traces() }));`;

      const { before, after } = JSON.parse(await runModule(program)) as Record<string, object>;

      expect(after).to.deep.equal(before);
    });

    it(`loads nothing that may not be needed: ${entry}`, async () => {
      const { urls, builtIns } = await loadedBy(entry);
      const found = new Set(urls.map(packageOf).filter((name) => name !== undefined));

      expect([...found].toSorted()).to.deep.equal([...packages].toSorted());
      expect(LATE_BUILT_INS.filter((name) => builtIns.includes(`NativeModule ${name}`))).to.deep.equal([]);
    });
  }

  it('reads no more of its own than it did', async () => {
    const { urls } = await loadedBy('index.js');
    const own = urls.filter((url) => url.startsWith(pathToFileURL(DIST + sep).href));
    const bytes = own.reduce((sum, url) => sum + statSync(fileURLToPath(url)).size, 0);

    expect(own.length).to.be.within(1, MAX_OWN_FILES);
    expect(bytes).to.be.below(MAX_OWN_BYTES);
  });

  it('keeps names in stack traces, and leads debuggers to the sources', async () => {
    const program = `
      import { MemoryCache } from ${JSON.stringify(urlOf('index.js'))};
      try {
        new MemoryCache({ maxSize: -1 });
      } catch (error) {
        console.log(error.stack);
      }`;

    const stack = await runModule(program);
    const mapped = await runModule(program, { nodeOptions: ['--enable-source-maps'] });

    expect(stack).to.match(/at checkMemoryOptions .*\n.*at new MemoryCache /);
    expect(mapped).to.match(/at new MemoryCache .*memory-cache\.ts:/);
  });

  it('answers a scrape with 503 when an update has taken away what is loaded for the first one', async () => {
    const installed = await installPacked();
    try {
      const dist = join(installed.folder, 'node_modules/@gary-zero/performance/dist');
      const late = readdirSync(dist).filter((file) => /^pages-.*\.js$/.test(file));
      await Promise.all(late.map((file) => rm(join(dist, file))));
      const program = `
        import { CellMeterProvider, MetricsEndpoint, PullReader } from '@gary-zero/performance';
        const reader = new PullReader();
        new CellMeterProvider({ readers: [reader] });
        const response = await new MetricsEndpoint(reader).fetchHandler(new Request('http://localhost/metrics'));
        console.log(response.status, await response.text());`;

      expect(late).to.have.length(1);
      expect(await runModule(program, { cwd: installed.folder })).to.equal(
        '503 Metrics could not be collected\n\n',
      );
    } finally {
      await installed.remove();
    }
  });
});

async function loadedBy(entry: string): Promise<{ urls: string[]; builtIns: string[] }> {
  const program = `
    import { createRequire, register } from 'node:module';
    const atStart = new Set(process.moduleLoadList);
    register(${JSON.stringify(asModule(TELLING_HOOKS))});
    await import(${JSON.stringify(urlOf(entry))});
    for (const path of Object.keys(createRequire(import.meta.url).cache)) console.log('loaded file://' + path);
    for (const name of process.moduleLoadList) if (!atStart.has(name)) console.log('built-in ' + name);`;
  const lines = (await runModule(program)).split('\n');
  const told = (kind: string) => [
    ...new Set(lines.filter((line) => line.startsWith(kind)).map((line) => line.slice(kind.length))),
  ];
  return {
    urls: told('loaded ').filter((url) => url.startsWith('file:')),
    builtIns: told('built-in '),
  };
}

async function runModule(
  program: string,
  { cwd = dirname(DIST), nodeOptions = [] }: { cwd?: string; nodeOptions?: readonly string[] } = {},
): Promise<string> {
  const env = { PATH: process.env['PATH'] };
  const args = [...nodeOptions, '--input-type=module', '--eval', program];
  const { stdout } = await run(process.execPath, args, { cwd, env });
  return stdout;
}

function urlOf(entry: string): string {
  return pathToFileURL(join(DIST, entry)).href;
}

function asModule(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

function packageOf(url: string): string | undefined {
  return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
}
