import { metrics } from '@opentelemetry/api';
import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { ReadStream, WriteStream } from 'node:tty';
import { Counter, Histogram, Registry } from 'prom-client';
import { runTopCommand } from '../../../src/cli/top/top-command.js';
import type { TopReport } from '../../../src/cli/top/top-report.js';
import { startPerformance, type Performance } from '../../../src/performance.js';
import { root } from '../../e2e/packed.js';
import { waitFor } from '../../e2e/wait-for.js';
import { withLocalServer } from '../../fakes/local-server.js';

const children = new Set<ChildProcess>();

function startTop(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const program = ['--import', 'tsx', 'src/cli/main.ts', 'top', '--interval', '0.2', ...args];
  const child = spawn(process.execPath, program, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  children.add(child);
  return child;
}

async function top(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = startTop(args, env);
  const [out, error, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'close') as Promise<[number]>,
  ]);
  return { out, error, code };
}

describe('performance top', function () {
  this.timeout(30_000);
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL');
    children.clear();
  });

  describe('of a process with this package', () => {
    let perf: Performance;
    let load: NodeJS.Timeout;
    before(async () => {
      perf = startPerformance({ serviceName: 'shop', prometheus: { port: 0 }, optimizer: { auto: false } });
      await perf.ready;
      const { monitor, cache } = perf;
      load = setInterval(() => {
        monitor.recorder('checkout').succeeded(0.02);
        monitor.recorder('checkout').failed(0.04, new TypeError('no'));
        monitor.recordCounter('orders', 3, { country: 'ch' });
        void cache.getOrSet('k', async () => 1);
      }, 5);
    });
    after(async () => {
      clearInterval(load);
      await perf.shutdown();
      metrics.disable();
    });

    it('prints a picture once', async () => {
      const { out, error, code } = await top([perf.metricsUrl!, '--once']);

      expect([code, error]).to.deep.equal([0, '']);
      expect(out).to.match(
        /^shop {2}http:\/\/127\.0\.0\.1:\d+\/metrics\n[\d\u202F]+ series, .* over [\d.]+ m?s\n/,
      );
      expect(out).to.match(/\nCPU .*memory \d+ MiB/);
      expect(out).to.match(/\nOPERATION +calls\/s +errors\/s +p95 +p99 +mean +p50\ncheckout +\d/);
      expect(out).to.match(/\nCACHE +hits +lookups\/s +a miss +memory +entries\ndefault +100\.0 %/);
      expect(out).to.match(/\norders_total\{country="ch"\} +\d/);
      expect(out).not.to.include('\u001B');
    });

    it('prints it in JSON, one document or one line for each look', async () => {
      const { out } = await top([perf.metricsUrl!, '--once', '--json']);

      const report = JSON.parse(out) as TopReport;
      expect(report).to.include({ version: 1, service: 'shop', url: perf.metricsUrl });
      const [checkout] = report.operations;
      expect(checkout?.name).to.equal('checkout');
      expect(checkout?.rate).to.be.above(0);
      expect(checkout?.errorRate).to.be.closeTo(checkout!.rate / 2, 1e-9);
      expect(checkout?.mean).to.be.closeTo(0.03, 0.0001);
      expect(checkout?.p95).to.be.within(0.02, 0.05);
      expect(report.caches[0]).to.include({ name: 'default', hitRatio: 1, entries: 1 });
      expect(report.resources.memoryBytes).to.be.above(1e6);
      expect(report.counters[0]?.name).to.equal('orders_total{country="ch"}');

      const endless = startTop([perf.metricsUrl!, '--json']);
      let lines = '';
      endless.stdout!.setEncoding('utf8').on('data', (more: string) => (lines += more));
      await waitFor(() => lines.split('\n').length > 2, { what: 'two lines of JSON' });
      endless.kill('SIGINT');
      expect(await once(endless, 'close')).to.deep.equal([0, null]);
      for (const line of lines.trim().split('\n')) expect(JSON.parse(line)).to.include({ service: 'shop' });
    });
  });

  it('shows any process by the busiest of what it exports', async () => {
    const registry = new Registry();
    const jobs = new Counter({
      name: 'jobs_total',
      help: 'Jobs.',
      labelNames: ['queue'],
      registers: [registry],
    });
    const durations = new Histogram({
      name: 'job_duration_seconds',
      help: 'Durations.',
      buckets: [0.1, 1, 10],
      registers: [registry],
    });
    const evil = '\u001B[2J\u001B]0;gone\u0007';
    await withLocalServer(
      (_, response) => {
        jobs.inc({ queue: evil }, 10);
        durations.observe(0.5);
        void registry.metrics().then((page) => response.end(page));
      },
      async (url) => {
        const { out, code } = await top([url, '--once']);

        expect(code).to.equal(0);
        expect(out).to.match(/\nHISTOGRAM +values\/s +p95 +p99 +mean +p50\njob_duration_seconds +\d.* ms/);
        expect(out).to.match(/\nCOUNTER +per s\njobs_total\{queue=".*"\} +\d/);
        expect(out).to.include('u001b[2J').and.not.include('\u001B').and.not.include('\u0007');
        const { out: json } = await top([url, '--once', '--json']);
        const { counters, service, operations } = JSON.parse(json) as TopReport;
        expect(service).to.equal(undefined);
        expect(operations).to.deep.equal([]);
        expect(counters[0]?.rate).to.be.above(0);
      },
    );
  });

  it('sends its token, which is in no argument', async () => {
    await withLocalServer(
      (request, response) => {
        const isKnown = request.headers.authorization === 'Bearer sesame';
        response.writeHead(isKnown ? 200 : 401).end('a_total 1\n');
      },
      async (url) => {
        const refused = await top([url, '--once'], { PERF_TOP_TOKEN: '' });
        const answered = await top([url, '--once'], { PERF_TOP_TOKEN: 'sesame' });

        expect([refused.code, refused.out]).to.deep.equal([1, '']);
        expect(refused.error).to.match(/^top: http.* answered 401: .* PERF_TOP_TOKEN/);
        expect(answered.code).to.equal(0);
      },
    );
  });

  it('says what it was asked wrongly', async () => {
    const { code, out, error } = await top(['a', 'b']);

    expect([code, out]).to.deep.equal([2, '']);
    expect(error).to.include('top takes one URL.').and.include('Usage: performance top');
  });

  describe('in a terminal', () => {
    const CSI = '\u001B[';
    function terminal({ hasColors = true } = {}) {
      let written = '';
      const keyboard = Object.assign(new EventEmitter(), {
        isTTY: true,
        isRaw: false,
        setRawMode: (isRaw: boolean) => (keyboard.isRaw = isRaw),
        resume: () => {},
        pause: () => {},
      });
      const stdout = Object.assign(new EventEmitter(), {
        isTTY: true,
        columns: 80,
        rows: 40,
        hasColors: () => hasColors,
        write: (more: string) => (written += more),
      });
      const printed: string[] = [];
      return {
        keyboard,
        printed,
        written: () => written,
        run: (...args: string[]) =>
          runTopCommand(['--interval', '0.1', ...args], {
            out: (line) => printed.push(line),
            error: (line) => printed.push(line),
            stdin: keyboard as unknown as ReadStream,
            stdout: stdout as unknown as WriteStream,
          }),
      };
    }

    it('redraws in place until q is pressed, and leaves the terminal as it was', async () => {
      let asked = 0;
      await withLocalServer(
        (_, response) => {
          asked += 10;
          response.end(`# TYPE asked_total counter\nasked_total ${asked}\n`);
        },
        async (url) => {
          const tty = terminal();
          const ended = tty.run(url);
          await waitFor(() => tty.written().split(`${CSI}H`).length > 3, { what: 'three pictures' });
          expect(tty.keyboard.isRaw).to.equal(true);
          tty.keyboard.emit('data', Buffer.from('q'));

          expect(await ended).to.equal(0);
          expect(tty.keyboard.isRaw).to.equal(false);
          expect(tty.written()).to.include(`${CSI}?1049h`).and.include('asked_total');
          expect(tty.written()).to.match(/\?25h.*\?1049l$/);
          expect(tty.printed).to.deep.equal([]);
        },
      );
    });

    it('has no colours where there shall be none', async () => {
      await withLocalServer(
        (_, response) => response.end('# TYPE a_total counter\na_total 1\n'),
        async (url) => {
          const tty = terminal({ hasColors: false });
          const ended = tty.run(url);
          await waitFor(() => tty.written().includes('2 series') || tty.written().includes('1 series'), {
            what: 'a picture',
          });
          tty.keyboard.emit('data', Buffer.from('\u0003'));

          expect(await ended).to.equal(0);
          expect(
            tty
              .written()
              .split(CSI)
              .filter((after) => /^\d+m/.test(after)),
          ).to.deep.equal([]);
        },
      );
    });

    it('waits for a process that is away for a while', async () => {
      let isAway = false;
      await withLocalServer(
        (_, response) => response.writeHead(isAway ? 503 : 200).end('# TYPE a_total counter\na_total 1\n'),
        async (url) => {
          const tty = terminal();
          const ended = tty.run(url);
          await waitFor(() => tty.written().includes('1 series'), { what: 'a picture' });
          isAway = true;
          await waitFor(() => tty.written().includes('answered 503'), { what: 'the message' });
          isAway = false;
          const pictures = tty.written().length;
          await waitFor(() => tty.written().slice(pictures).includes('1 series'), {
            what: 'a picture again',
          });
          tty.keyboard.emit('data', Buffer.from('q'));

          expect(await ended).to.equal(0);
        },
      );
    });
  });
});
