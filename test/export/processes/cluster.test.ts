import { expect } from 'chai';
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { readPage } from '../../e2e/collector-page.js';
import { needsServer, waitFor } from '../../e2e/servers.js';
import type { Command, WorkerCommand } from './cluster-app.js';

const APP = fileURLToPath(new URL('cluster-app.ts', import.meta.url));

describe('startPerformance({ processes: cluster })', function () {
  this.timeout(60_000);
  let app: ChildProcess;
  let url: string;

  beforeEach(async () => {
    app = fork(APP, [], { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    url = (await ask({ do: 'address' })) as string;
  });
  afterEach(() => void app.kill('SIGKILL'));

  async function ask(command: Command): Promise<unknown> {
    const answered = once(app, 'message') as Promise<[{ answer: unknown }]>;
    app.send(command);
    return (await answered)[0].answer;
  }
  const tell = (worker: number, what: WorkerCommand) => ask({ do: 'tell', worker, what });
  const text = async () => (await fetch(url)).text();
  /** It throws where a series comes twice. */
  const page = async () => readPage(await text());
  const orders = async () => Number((await page()).get('orders_total{}'));
  /** On a busy machine a worker may answer too late for a scrape, and is in the next one. */
  const pageWith = (lines: Readonly<Record<string, string>>) =>
    waitFor(
      async () => {
        const shown = await page();
        return Object.entries(lines).every(([series, value]) => shown.get(series) === value) && shown;
      },
      { what: JSON.stringify(lines), timeout: 20 },
    );
  const ordersBecome = (count: number) => pageWith({ 'orders_total{}': String(count) });
  async function forkWorkers(count: number): Promise<void> {
    for (let i = 0; i < count; i++) expect(await ask({ do: 'fork' })).to.equal('ready');
  }

  it('serves what all workers measured at one port', async () => {
    await forkWorkers(4);
    for (const worker of [1, 2, 3, 4]) await tell(worker, { do: 'count', times: 10 * worker });

    const shown = await ordersBecome(100);

    expect(shown.get('latency_seconds_count{}')).to.equal('100');
    expect(shown.get('latency_seconds_bucket{le="5"}')).to.equal('100');
    const carts = [1, 2, 3, 4].map((worker) => shown.get(`carts{worker="${worker}"}`));
    expect(carts).to.deep.equal(['1', '1', '1', '1']);
    await pageWith({ 'perf_workers{perf_worker_state="answering"}': '4' });
    const machine = [...shown.keys()].filter((series) => series.startsWith('system_memory_usage_bytes{'));
    expect(machine.filter((series) => series.includes('worker='))).to.deep.equal([]);
    expect([...shown.keys()].filter((series) => series.startsWith('target_info{'))).to.have.length(1);
  });

  it('keeps what a worker counted that is killed, and counts on with the next one', async () => {
    await forkWorkers(2);
    await tell(1, { do: 'count', times: 7 });
    await tell(2, { do: 'count', times: 5 });
    await ordersBecome(12);

    await ask({ do: 'kill', worker: 1, signal: 'SIGKILL' });
    expect(await orders()).to.equal(12);
    await waitFor(async () => !(await page()).has('carts{worker="1"}'), { what: 'the end of its gauges' });
    await forkWorkers(1);
    await tell(3, { do: 'count', times: 3 });

    await pageWith({ 'orders_total{}': '15', 'carts{worker="1"}': '1' });
  });

  it('has everything of a worker that shuts down, though nobody asked it again', async () => {
    await forkWorkers(1);
    await tell(1, { do: 'count', times: 7 });
    app.send({ do: 'tell', worker: 1, what: { do: 'shutdown' } } satisfies Command);

    await ordersBecome(7);
  });

  it('does not count twice what a worker counted before it started again', async () => {
    await forkWorkers(1);
    await tell(1, { do: 'count', times: 7 });
    await ordersBecome(7);
    await tell(1, { do: 'restart' });
    expect(await orders()).to.equal(7);
    await tell(1, { do: 'count', times: 2 });

    await ordersBecome(9);
  });

  it('never falls under load, whoever is killed', async () => {
    await forkWorkers(3);
    for (const worker of [1, 2, 3]) await tell(worker, { do: 'run' });
    let before = new Map<string, number>();
    const check = async () => {
      const counts = [...(await page())].filter(([series]) => /^(orders_total|latency_seconds)/.test(series));
      for (const [series, value] of counts)
        expect(Number(value), series).to.be.at.least(before.get(series) ?? 0);
      before = new Map(counts.map(([series, value]) => [series, Number(value)]));
    };

    for (let worker = 1; worker <= 2; worker++) {
      for (let scrape = 0; scrape < 5; scrape++) await check();
      await Promise.all([ask({ do: 'kill', worker, signal: 'SIGKILL' }), check()]);
      await check();
      await forkWorkers(1);
      await tell(worker + 3, { do: 'run' });
    }

    expect(before.get('orders_total{}')).to.be.above(0);
    expect(before.get('orders_total{}')).to.equal(before.get('latency_seconds_count{}'));
  });

  for (const [how, stop] of [
    ['is stopped', () => ask({ do: 'kill', worker: 1, signal: 'SIGSTOP' })],
    ['hangs', () => tell(1, { do: 'hang' })],
  ] as const) {
    it(`shows the last values of a worker that ${how}, and says so`, async () => {
      await forkWorkers(2);
      await tell(1, { do: 'count', times: 7 });
      await ordersBecome(7);
      await stop();
      await tell(2, { do: 'count', times: 1 });

      const shown = await pageWith({
        'orders_total{}': '8',
        'perf_workers{perf_worker_state="late"}': '1',
        'perf_workers{perf_worker_state="answering"}': '1',
      });
      expect(Number(shown.get('perf_worker_report_age_seconds{}'))).to.be.above(0);
      await ask({ do: 'kill', worker: 1, signal: 'SIGKILL' });
      expect(await orders()).to.equal(8);
    });
  }

  it('hears again of a worker that was stopped', async () => {
    await forkWorkers(1);
    await ask({ do: 'kill', worker: 1, signal: 'SIGSTOP' });
    await page();
    await ask({ do: 'kill', worker: 1, signal: 'SIGCONT' });
    await tell(1, { do: 'count', times: 7 });

    await pageWith({ 'orders_total{}': '7', 'perf_workers{perf_worker_state="late"}': '0' });
  });

  it('is a page that promtool takes', async function () {
    needsServer(this, 'promtool');
    await forkWorkers(2);
    for (const worker of [1, 2]) await tell(worker, { do: 'count', times: 1 });
    await text();

    const promtool = spawn('promtool', ['check', 'metrics'], { stdio: ['pipe', 'ignore', 'pipe'] });
    let said = '';
    promtool.stderr.on('data', (data: Buffer) => (said += data.toString()));
    promtool.stdin.end(await text());
    await once(promtool, 'close');

    // Its advice about names is about names that others have chosen.
    expect(said).to.not.match(/error while linting|parsing|second HELP|duplicate/i);
  });
});

describe('workers of a cluster that is not ours, as PM2 has them', function () {
  this.timeout(60_000);

  it('serve each its own metrics at a port of its own', async () => {
    const file = fileURLToPath(new URL('own-ports-app.ts', import.meta.url));
    const app = fork(file, [], { execArgv: ['--import', 'tsx'] });
    try {
      const [pages] = (await once(app, 'message')) as [Record<string, string>];

      expect(pages['1']).to.match(/^orders_total 1$/m);
      expect(pages['2']).to.match(/^orders_total 2$/m);
    } finally {
      app.kill();
    }
  });
});
