import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Summary } from '../../examples/storefront/summary.js';
import { skipBecause } from '../e2e/servers.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FREE_PORTS = ['--port', '0', '--metrics-port', '0'];

describe('storefront', function () {
  this.timeout(30_000);
  let demo: Demo | undefined;

  afterEach(() => demo?.child.kill('SIGKILL'));

  it('serves the shop and its metrics, and ends with the summary as the only thing on stdout', async () => {
    demo = startDemo('--seconds', '2', '--json', ...FREE_PORTS);
    const shop = await demo.says(/^shop +(http:\S+)$/m);
    const metrics = await demo.says(/^metrics +(http:\S+)$/m);

    const product = await fetch(`${shop}/products/1`);
    const exposition = await (await fetch(metrics)).text();
    const code = await demo.ended;

    expect(product.status).to.equal(200);
    expect(exposition).to.match(/^perf_operation_duration_seconds_count\{.*GET \/products\/:id.*\} \d+$/m);
    expect(exposition).to.match(/^storefront_requests_total\{.*status="200".*\} \d+$/m);
    expect(exposition).to.match(/^perf_cache_lookups_total\{.*perf_cache_name="products".*\} \d+$/m);
    expect(code).to.equal(0, demo.printed.stderr);
    const summary = summaryOf(demo);
    expect(summary).to.include({ unexpectedErrors: 0 });
    expect(summary.urls).to.deep.equal({ service: shop, metrics });
    expect(summary.seconds).to.be.within(2, 10);
    expect(summary.requests).to.be.above(200);
    expect(summary.errors).to.equal(summary.operations['checkout']?.errors);
    expect(summary.hitRatio).to.be.above(0).and.below(1);
    const { products, prices, sessions, recommendations } = summary.caches;
    const asked = (cache = { hits: 0, misses: 0 }) => cache.hits + cache.misses;
    const pages = summary.operations['GET /products/:id']!.count;
    expect(asked(sessions), 'one lookup for each page').to.equal(pages);
    expect(asked(recommendations)).to.equal(pages);
    expect(asked(products), 'and those of what goes well with it').to.equal(9 * pages);
    expect(asked(prices)).to.equal(9 * pages);
    expect(summary.operations['query product']?.p50).to.be.within(0.001, 0.1);
    expect(summary.optimizer.functions[0]).to.include({ name: 'think', laneLimit: 64 });
    expect(summary.decisions).to.be.an('array');
    expect(summary.resources.current?.processMemoryMb).to.be.above(10);
    expect(summary.optimizer.status).to.include({ autoOptimizationActive: true });
    expect(summary.optimizer.recentDecisions).to.be.an('array');
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`closes the shop on ${signal} and prints the summary`, async function () {
      if (process.platform === 'win32') skipBecause(this, 'a signal ends a process at once on Windows');
      demo = startDemo('--json', ...FREE_PORTS);
      await demo.says(/^(Ctrl-C ends it)$/m);

      demo.child.kill(signal);

      expect(await demo.ended).to.equal(0, demo.printed.stderr);
      expect(summaryOf(demo).unexpectedErrors).to.equal(0);
    });
  }

  it('does not open the shop when the metrics port that was asked for is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const port = String((taken.address() as AddressInfo).port);
    try {
      demo = startDemo('--seconds', '2', '--json', '--port', '0', '--metrics-port', port);

      expect(await demo.ended).to.equal(1);
      expect(demo.printed.stderr).to.include(`port ${port} on 127.0.0.1 is already in use`);
      expect(demo.printed.stdout).to.equal('');
    } finally {
      taken.close();
    }
  });

  it('says which trace it cannot read', async () => {
    demo = startDemo('--json', '--trace', 'no-such-trace.txt');

    expect(await demo.ended).to.equal(1);
    expect(demo.printed.stderr).to.match(
      /^the trace .*no-such-trace\.txt cannot be used: there is no such file$/m,
    );
  });

  it('ends with 2 for an option it does not know', async () => {
    demo = startDemo('--fast');

    expect(await demo.ended).to.equal(2);
    expect(demo.printed).to.deep.equal({
      stdout: '',
      stderr: 'unknown option "--fast"\nnpm run demo -- --help tells what there is\n',
    });
  });
});

interface Demo {
  readonly child: ChildProcess;
  readonly printed: { stdout: string; stderr: string };
  /** The exit code. */
  readonly ended: Promise<unknown>;
  /** Waits until stderr has something, and gives its first group. */
  says(what: RegExp): Promise<string>;
}

function startDemo(...args: readonly string[]): Demo {
  const main = 'examples/storefront/main.ts';
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
    cwd: ROOT,
    env: ownEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.stderr += text));
  const ended = once(child, 'close').then(([code]: unknown[]) => code);
  return {
    child,
    printed,
    ended,
    says: async (what) => {
      for (;;) {
        const found = what.exec(printed.stderr)?.[1];
        if (found !== undefined) return found;
        const next = await Promise.race([once(child.stderr, 'data'), ended.then(() => undefined)]);
        if (next === undefined) throw new Error(`it ended without saying ${what}: ${printed.stderr}`);
      }
    },
  };
}

/** What a developer has set for other programs must not turn off what is looked for here. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const set = Object.entries(process.env);
  return Object.fromEntries(
    set.filter(([name]) => !/^(OTEL|PERF|CACHE|OPTIMIZER)_|^NODE_OPTIONS$/.test(name)),
  );
}

function summaryOf({ printed }: Demo): Summary {
  return JSON.parse(printed.stdout) as Summary;
}
