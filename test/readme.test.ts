import { expect } from 'chai';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ENVIRONMENT, OTLP_ENVIRONMENT } from '../src/config/environment.js';
import { installPacked, root, run, type Consumer } from './e2e/packed.js';

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

  it('has examples that compile strictly and print what they promise', async () => {
    const blocks = blocksOf(readme).filter(({ language }) => language === 'ts');
    const compilerOptions = {
      target: 'es2022',
      lib: ['es2023', 'esnext.disposable', 'esnext.decorators'],
      module: 'nodenext',
      strict: true,
      exactOptionalPropertyTypes: true,
      types: ['node'],
      outDir: 'out',
      rootDir: '.',
    };
    for (const { code, line } of blocks) await writeFile(join(consumer.folder, `line-${line}.ts`), code);
    await writeFile(
      join(consumer.folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['*.ts'] }),
    );
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [tsc, '-p', '.'], { cwd: consumer.folder }).catch(
      (error: { stdout?: string }) => {
        throw new Error(`README.md does not compile (files are named by line):\n${error.stdout}`);
      },
    );

    expect(blocks).to.have.length.above(4);
    for (const { code, line } of blocks) {
      const { stdout, stderr } = await run(process.execPath, [`out/line-${line}.js`], {
        cwd: consumer.folder,
      });
      const printed = stdout.trim().split('\n');
      for (const promised of promisedOutput(code)) {
        expect(printed, `README.md line ${line}: ${stderr}`).to.include(promised);
      }
      expect(stderr, `README.md line ${line}`).to.equal('');
    }
  });

  it('names commands that are tried somewhere', () => {
    const commands = blocksOf(readme)
      .filter(({ language }) => language === 'bash')
      .flatMap(({ code }) => code.trim().split('\n'));

    expect(commands.filter((command) => !(command in COMMANDS))).to.deep.equal([]);
  });

  it('lists every environment variable as the code reads it', () => {
    const rows = readme
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

  it('links to files that exist', async () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map((match) => match[1]!);

    for (const link of links.filter((target) => !target.includes('://'))) await readFile(join(root, link));
  });
});
