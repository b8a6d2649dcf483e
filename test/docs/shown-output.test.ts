import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { root, run, type Consumer } from '../e2e/packed.js';
import { freePort } from '../e2e/servers.js';
import { waitFor } from '../e2e/wait-for.js';
import { blocksOf, installForExamples, type Block } from './examples.js';

const METRICS = /^curl -s http:\/\/127\.0\.0\.1:9464\/metrics \| grep (?:-E )?'(.+)'$/;
const REQUESTS = /^for id in ([\d ]+); do curl -s http:\/\/127\.0\.0\.1:3000\/products\/\$id; done$/;
const TOP = 'npx @gary-zero/performance top --once';

/** What commands of the pages print, as the pages show it: exact, but for the numbers of what a process uses. */
describe('output shown in the pages', function () {
  this.timeout(60_000);
  let consumer: Consumer;
  let guide: Block[];
  let shop: ChildProcess;
  let shopUrl: string;
  let metricsUrl: string;

  before(async function () {
    if (process.platform !== 'linux') this.skip();
    consumer = await installForExamples();
    guide = blocksOf(await readFile(join(root, 'docs', 'getting-started.md'), 'utf8'));
    const [port, metricsPort] = [await freePort(), await freePort()];
    [shopUrl, metricsUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${metricsPort}/metrics`];
    const program = guide.find(({ code }) => code.startsWith('// shop.js'))!.code;
    await writeFile(join(consumer.folder, 'shop.js'), program.replace('listen(3000', `listen(${port}`));
    shop = spawn(process.execPath, ['--import', '@gary-zero/performance/register', 'shop.js'], {
      cwd: consumer.folder,
      env: { ...process.env, OTEL_EXPORTER_PROMETHEUS_PORT: String(metricsPort), NODE_ENV: '' },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    await waitFor(() => hasLine('process_memory_usage_bytes'), { timeout: 15, what: 'metrics of the shop' });
    await waitFor(() => isListening(port), { timeout: 15, what: 'the shop' });
  });
  after(async () => {
    if (shop?.exitCode === null) {
      shop.kill('SIGTERM');
      await once(shop, 'exit');
    }
    await consumer?.remove();
  });

  it('is that of a process that only registers the package', async () => {
    const readme = blocksOf(await readFile(join(root, 'README.md'), 'utf8'));

    for (const blocks of [guide, readme]) await expectShown(blocks, "'^process_'");
  });

  it('counts requests, hits and queries of the first steps', async () => {
    const ids = guide.flatMap(({ code }) => REQUESTS.exec(code.trim())?.[1]!.split(' ') ?? []);
    for (const id of ids) await (await fetch(`${shopUrl}/products/${id}`)).text();
    await waitFor(() => hasLine(`products_shown_total{shelf="front"} ${ids.length}`), {
      timeout: 15,
      what: `${ids.length} requests on the page of metrics`,
    });

    await expectShown(guide, 'products_shown');
  });

  it('has the tables of top', async () => {
    const shown = outputOf(guide, TOP);
    const top = join(consumer.folder, 'node_modules/@gary-zero/performance/dist/cli/main.js');
    const customers = new AbortController();
    const buying = buyUntil(customers.signal);

    const { stdout } = await run(process.execPath, [top, 'top', metricsUrl, '--once']);
    customers.abort();
    await buying;

    const printed = headings(stdout);
    for (const heading of headings(shown)) expect(printed).to.include(heading);
  });

  async function expectShown(blocks: readonly Block[], part: string): Promise<void> {
    const command = blocks.map(lastLine).find((line) => METRICS.test(line) && line.includes(part))!;
    const pattern = new RegExp(METRICS.exec(command)![1]!);
    const lines = (await page()).split('\n').filter((line) => pattern.test(line));

    expect(lines.map(masked)).to.deep.equal(outputOf(blocks, command).trim().split('\n').map(masked));
  }

  async function page(): Promise<string> {
    return fetch(metricsUrl).then(
      (response) => response.text(),
      () => '',
    );
  }

  async function hasLine(start: string): Promise<true | undefined> {
    return (await page()).split('\n').some((line) => line.startsWith(start)) ? true : undefined;
  }

  async function buyUntil(signal: AbortSignal): Promise<void> {
    for (let id = 10; !signal.aborted; id++) await (await fetch(`${shopUrl}/products/${id}`)).text();
  }
});

/** The block after the one that ends with a command. */
function outputOf(blocks: readonly Block[], command: string): string {
  const index = blocks.findIndex((block) => lastLine(block) === command);
  return blocks[index + 1]!.code;
}

function lastLine({ code }: Block): string {
  return code.trim().split('\n').at(-1)!;
}

/** What a process uses differs each time. */
function masked(line: string): string {
  return line.startsWith('process_') ? line.replace(/ [\d.e+-]+$/, ' #') : line;
}

function headings(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => /^[A-Z]{4,} /.test(line))
    .map((line) => line.split(/ {2,}/).join(' '));
}

async function isListening(port: number): Promise<true | undefined> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}
