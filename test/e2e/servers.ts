import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, type RunningProcess, START_TIMEOUT, startProcess } from './processes.js';
import { waitFor } from './wait-for.js';

export { freePort, isRunning, type RunningProcess, startProcess } from './processes.js';
export { waitFor } from './wait-for.js';

/** The programs that `npm test` looks for. */
export type Server = 'redis-server' | 'prometheus' | 'promtool' | 'chromium' | 'otelcol';

/** The part of `npm test` that knows the servers; plain JavaScript, so its types are told here. */
const search: {
  readonly isThere: (name: string) => boolean;
  readonly howToGet: (server: Server) => string;
  readonly pathOf: (name: string) => string | undefined;
} = createRequire(import.meta.url)('../../scripts/servers.mjs');

/**
 * Skips the suite or test where the server is not installed; `npm test` then says so in its last lines. In CI it
 * fails instead. For `before(function () { needsServer(this, 'prometheus'); })`.
 */
export function needsServer(context: Mocha.Context, server: Server): void {
  if (isAvailable(server)) return;
  const why = search.howToGet(server);
  if (process.env['CI'] === 'true') throw new Error(`CI must run "${titleOf(context)}", but ${why}`);
  skipBecause(context, why);
}

/** Where an installed server is. */
export function pathOf(server: Server): string {
  return search.pathOf(server) ?? server;
}

/** Skips the suite or test, in CI too, with a reason that `npm test` repeats in its last lines. */
export function skipBecause(context: Mocha.Context, why: string): never {
  const file = process.env['PERF_TEST_SKIPS'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ suite: titleOf(context), why })}\n`);
  return context.skip();
}

/** Under `npm test` what it found; when mocha is run by hand, what is found. */
function isAvailable(server: Server): boolean {
  const found = process.env['PERF_TEST_SERVERS'];
  return found === undefined ? search.isThere(server) : found.split(',').includes(server);
}

/** The suite whose hook asks, or the test that asks itself. */
function titleOf({ test }: Mocha.Context): string {
  if (test === undefined) return '(unknown suite)';
  const isHook = 'type' in test && test.type === 'hook';
  return isHook ? (test.parent?.fullTitle() ?? test.title) : test.fullTitle();
}

export interface RunningRedis extends RunningProcess {
  readonly url: string;
  readonly port: number;
}

/** An empty Redis without persistence on a free port. */
export async function startRedis({ args = [] }: { args?: readonly string[] } = {}): Promise<RunningRedis> {
  return withFolder('redis', async (folder) => {
    const port = await freePort();
    const where = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
    const server = await startProcess(
      'redis-server',
      [...where, '--save', '', '--appendonly', 'no', ...args],
      {
        ready: (_, signal) =>
          waitFor(() => redisCommand(port, 'PING'), {
            what: 'PONG of redis-server',
            timeout: START_TIMEOUT,
            signal,
          }),
      },
    );
    return { ...server, port, url: `redis://127.0.0.1:${port}` };
  });
}

/** Sends one command of plain words to a Redis over a socket of its own and resolves to the first line it answers. */
export function redisCommand(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.setEncoding('utf8').once('data', (text: string) => {
      socket.destroy();
      resolve(text.slice(0, text.indexOf('\r\n')));
    });
    socket.once('error', reject);
  });
}

export interface PrometheusOptions {
  /** `host:port` of what is scraped at /metrics. */
  readonly targets: readonly string[];
  /** @default '1s' */
  readonly scrapeInterval?: string;
  /** @default 'test' */
  readonly jobName?: string;
  /** Paths of rule files. */
  readonly ruleFiles?: readonly string[];
  /** More keys of the scrape configuration, for example `metrics_path`. */
  readonly scrape?: Readonly<Record<string, unknown>>;
  /** More flags of the program. */
  readonly args?: readonly string[];
  /** The program. @default 'prometheus' on PATH */
  readonly program?: string;
}

/** One series of an instant query: its labels and its value at that time. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [seconds: number, value: string];
}

export interface ScrapeTarget {
  readonly scrapeUrl: string;
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface RunningPrometheus extends RunningProcess {
  readonly url: string;
  /** An instant query; an error of Prometheus rejects with its message. */
  query(promql: string): Promise<readonly Sample[]>;
  targets(): Promise<readonly ScrapeTarget[]>;
}

/** A Prometheus with exemplars and native histograms switched on, on a free port and with an empty store. */
export async function startPrometheus(options: PrometheusOptions): Promise<RunningPrometheus> {
  return withFolder('prometheus', async (folder) => {
    const config = join(folder, 'prometheus.yml');
    // JSON is YAML too, and needs no care with quoting.
    await writeFile(config, JSON.stringify(prometheusConfig(options)));
    const address = `127.0.0.1:${await freePort()}`;
    const url = `http://${address}`;
    const flags = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--enable-feature=exemplar-storage,native-histograms',
      ...(options.args ?? []),
    ];
    const server = await startProcess(options.program ?? 'prometheus', flags, {
      ready: (_, signal) =>
        waitFor(async () => (await fetch(`${url}/-/ready`)).ok, {
          what: 'readiness of prometheus',
          timeout: START_TIMEOUT,
          signal,
        }),
    });
    return {
      ...server,
      url,
      async query(promql) {
        const answer = await ask<{ result: Sample[] }>(
          `${url}/api/v1/query?query=${encodeURIComponent(promql)}`,
        );
        return answer.result;
      },
      async targets() {
        return (await ask<{ activeTargets: ScrapeTarget[] }>(`${url}/api/v1/targets?state=active`))
          .activeTargets;
      },
    };
  });
}

function prometheusConfig({
  targets,
  scrapeInterval,
  jobName,
  ruleFiles,
  scrape,
}: PrometheusOptions): unknown {
  const interval = scrapeInterval ?? '1s';
  return {
    global: { scrape_interval: interval, evaluation_interval: interval },
    rule_files: ruleFiles ?? [],
    scrape_configs: [{ job_name: jobName ?? 'test', static_configs: [{ targets }], ...scrape }],
  };
}

async function ask<T>(url: string): Promise<T> {
  const response = await fetch(url);
  const answer: { status: string; error?: string; data: T } = JSON.parse(await response.text());
  if (answer.status !== 'success') throw new Error(`prometheus answered ${response.status}: ${answer.error}`);
  return answer.data;
}

/** Runs promtool to its end, with `stdin` as its input. */
export async function promtool(
  args: readonly string[],
  stdin = '',
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn('promtool', args, { stdio: 'pipe' });
  const printed = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.stderr += text));
  // It may end without having read everything; what it says then is on stderr.
  child.stdin.on('error', () => undefined).end(stdin);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...printed }));
  });
}

/** Gives a server a temporary folder that goes away when the server stops or does not start. */
async function withFolder<S extends RunningProcess>(
  name: string,
  start: (folder: string) => Promise<S>,
): Promise<S> {
  const folder = await mkdtemp(join(tmpdir(), `performance-${name}-`));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const server = await start(folder);
    return { ...server, stop: () => server.stop().finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}
