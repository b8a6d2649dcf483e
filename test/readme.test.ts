import { expect } from 'chai';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ENVIRONMENT, OTLP_ENVIRONMENT } from '../src/config/environment.js';
import { installPacked, root, run, type Consumer } from './e2e/packed.js';
import { needsServer, startRedis } from './e2e/servers.js';

interface Block {
  readonly language: string;
  readonly code: string;
  readonly line: number;
}

function blocksOf(markdown: string): Block[] {
  const fences = markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms);
  return [...fences].map(({ 1: language = '', 2: code = '', index }) => ({
    language,
    code,
    line: markdown.slice(0, index).split('\n').length,
  }));
}

/** What a line such as `console.log(x); // 1` promises to print, in order; a note after a colon is left out. */
function promisedOutput(code: string): string[] {
  return [...code.matchAll(/console\.log\(.*\);? +\/\/ ([^:\n]+)(?::.*)?$/gm)].map((match) =>
    match[1]!.trim(),
  );
}

const STRICT = {
  target: 'es2022',
  lib: ['es2023', 'esnext.disposable', 'esnext.decorators'],
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  types: ['node'],
  outDir: 'out',
  rootDir: '.',
};

/** Commands of the README, and where each is tried. */
const COMMANDS: Readonly<Record<string, string>> = {
  'npm run demo': 'test/e2e/prometheus.test.ts runs the same program',
  'npm test': 'is running this test',
  'npm install @gary-zero/performance @opentelemetry/api': 'test/e2e/packed.ts installs the packed package',
  'node --import @gary-zero/performance/register app.js': 'test/e2e/consumers.test.ts',
  'curl http://127.0.0.1:9464/metrics': 'test/e2e/consumers.test.ts',
};

describe('README', function () {
  this.timeout(60_000);
  let readme: string;
  let consumer: Consumer;

  before(async () => {
    readme = await readFile(join(root, 'README.md'), 'utf8');
    consumer = await installPacked();
    await writeFile(join(consumer.folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  });
  after(() => consumer.remove());

  it('has examples that compile strictly and print what they promise', () =>
    tryExamples(consumer, 'README.md'));

  it('names commands that are tried somewhere', () => {
    const commands = blocksOf(readme)
      .filter(({ language }) => language === 'bash')
      .flatMap(({ code }) => code.trim().split('\n'));

    expect(commands.filter((command) => !(command in COMMANDS))).to.deep.equal([]);
  });

  it('links to files that exist', () => followLinks('README.md'));
});

describe('docs', function () {
  // Every page is compiled, and every example is a process.
  this.timeout(180_000);
  let consumer: Consumer;
  let pages: string[];

  before(async () => {
    consumer = await installPacked();
    await writeFile(join(consumer.folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    pages = (await readdir(join(root, 'docs'))).filter((page) => page.endsWith('.md'));
  });
  after(() => consumer.remove());

  it('have examples that compile strictly and print what they promise', async () => {
    for (const page of pages) await tryExamples(consumer, join('docs', page), { isTried: isWithoutRedis });
  });

  it('have examples for Redis that work with a real one', async function () {
    needsServer(this, 'redis-server');
    const redis = await startRedis();
    const change = (code: string) => code.replaceAll(/redis:\/\/[^']*/g, redis.url);
    const isTried = (code: string, page: string) => !isWithoutRedis(code, page);
    try {
      for (const page of pages)
        await tryExamples(consumer, join('docs', page), { folder: `redis-${page}`, isTried, change });
    } finally {
      await redis.stop();
    }
  });

  it('list every environment variable as the code reads it', async () => {
    const page = await readFile(join(root, 'docs', 'environment.md'), 'utf8');
    const rows = page
      .split('<!-- environment')[1]!
      .split('\n')
      .filter((row) => row.startsWith('| `'))
      .map((row) =>
        row
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );

    expect(rows).to.deep.equal(
      [...Object.values(ENVIRONMENT), ...Object.values(OTLP_ENVIRONMENT)].map(
        ({ name, otherwise, description, expected }) => [
          otherwise === undefined ? `\`${name}\`` : `\`${name}\`, \`${otherwise}\``,
          description,
          expected,
        ],
      ),
    );
  });

  it('link to files that exist', async () => {
    for (const page of pages) await followLinks(join('docs', page));
  });
});

/** All of redis.md needs one, and tasks that are kept there. */
function isWithoutRedis(code: string, page: string): boolean {
  return !page.endsWith('redis.md') && !code.includes('new DurableTaskManager(');
}

interface TryOptions {
  /** Where they are tried. Default: named for the page. */
  readonly folder?: string;
  readonly isTried?: (code: string, page: string) => boolean;
  readonly change?: (code: string) => string;
}

/** Compiles the examples of a page together and runs them one by one. */
async function tryExamples(
  consumer: Consumer,
  page: string,
  { folder = page, isTried = () => true, change = (code) => code }: TryOptions = {},
): Promise<void> {
  const blocks = blocksOf(await readFile(join(root, page), 'utf8')).filter(
    ({ language, code }) => language === 'ts' && isTried(code, page),
  );
  const cwd = join(consumer.folder, folder.replaceAll(/\W/g, '-'));
  await mkdir(cwd);
  for (const { code, line } of blocks) await writeFile(join(cwd, `line-${line}.ts`), change(code));
  await writeFile(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions: STRICT, include: ['*.ts'] }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  if (blocks.length === 0) return;
  await run(process.execPath, [tsc, '-p', '.'], { cwd }).catch((error: { stdout?: string }) => {
    throw new Error(`${page} does not compile (files are named by line):\n${error.stdout}`);
  });
  for (const { code, line } of blocks) {
    const { stdout, stderr } = await run(process.execPath, [`out/line-${line}.js`], { cwd });
    const printed = stdout.trim().split('\n');
    for (const promised of promisedOutput(code))
      expect(printed, `${page} line ${line}: ${stderr}`).to.include(promised);
    expect(stderr, `${page} line ${line}`).to.equal('');
  }
}

async function followLinks(page: string): Promise<void> {
  const text = await readFile(join(root, page), 'utf8');
  const links = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map((match) => match[1]!);
  for (const link of links.filter((target) => !target.includes('://')))
    await readFile(join(root, page, '..', link));
}
