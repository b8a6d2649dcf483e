import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blocksOf, installForExamples, tryExamples } from './docs/examples.js';
import { root, type Consumer } from './e2e/packed.js';

/** Commands of the README, and where each is tried. */
const COMMANDS: Readonly<Record<string, string>> = {
  'npm run demo': 'test/e2e/prometheus.test.ts runs the same program',
  'npm test': 'is running this test',
  'npm install @gary-zero/performance @opentelemetry/api': 'test/e2e/packed.ts installs the packed package',
  'node --import @gary-zero/performance/register app.js': 'test/e2e/consumers.test.ts',
  "curl -s http://127.0.0.1:9464/metrics | grep '^process_'": 'test/docs/shown-output.test.ts',
};

const MAX_LINES = 300;

describe('README', function () {
  this.timeout(60_000);
  let readme: string;
  let consumer: Consumer;

  before(async () => {
    readme = await readFile(join(root, 'README.md'), 'utf8');
    consumer = await installForExamples();
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

  it('can be read in ten minutes', () => {
    expect(readme.split('\n')).to.have.length.at.most(MAX_LINES);
  });
});
