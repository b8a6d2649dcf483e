import { setTimeout as delay } from 'node:timers/promises';
import type { ReadStream, WriteStream } from 'node:tty';
import { printable } from '../../cache/persistent/printable.js';
import { readTopToken } from '../../config/environment.js';
import { readTop } from './read-top.js';
import { scrape, type Scraped } from './scrape.js';
import { Screen } from './screen.js';
import { clip, coloured, plain } from './text-table.js';
import { parseTopArguments, TOP_USAGE, type TopArguments } from './top-arguments.js';
import type { TopReport } from './top-report.js';
import { topLines } from './top-text.js';

export interface TopOutput {
  out(line: string): void;
  error(line: string): void;
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
}

const DEFAULT_COLUMNS = 120;

/**
 * What `npx @gary-zero/performance top` does.
 *
 * @returns the exit code: 0 done, 1 it failed, 2 it was not understood.
 */
export async function runTopCommand(args: readonly string[], output: TopOutput): Promise<number> {
  const given = parseTopArguments(args);
  if (given === 'help') {
    output.out(TOP_USAGE);
    return 0;
  }
  if ('mistake' in given) {
    output.error(`${printable(given.mistake)}\n\n${TOP_USAGE}`);
    return 2;
  }
  const stop = new AbortController();
  const quit = () => stop.abort();
  for (const signal of ENDING) process.on(signal, quit);
  try {
    const watch = new Watch(given, stop.signal);
    if (given.isOnce || (!output.stdout.isTTY && !given.isJson)) await printOnce(watch, given, output);
    else if (given.isJson) for await (const report of watch.reports()) output.out(asJson(report));
    else await show(watch, output, quit);
    return 0;
  } catch (error) {
    if (stop.signal.aborted) return 0;
    output.error(`top: ${printable((error as Error).message)}`);
    return 1;
  } finally {
    for (const signal of ENDING) process.off(signal, quit);
  }
}

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Looks at a process again and again. */
class Watch {
  readonly #given: TopArguments;
  readonly #token: string | undefined;
  readonly signal: AbortSignal;

  constructor(given: TopArguments, signal: AbortSignal) {
    this.#given = given;
    this.signal = signal;
    this.#token = readTopToken();
  }

  look(): Promise<Scraped> {
    return scrape({ url: this.#given.url, token: this.#token, signal: this.signal });
  }

  pause(): Promise<void> {
    return delay(this.#given.intervalMs, undefined, { signal: this.signal });
  }

  compare(before: Scraped, after: Scraped): TopReport {
    return readTop(this.#given.url, before, after, Date.now() / 1000);
  }

  /** One for each look but the first. */
  async *reports(): AsyncGenerator<TopReport> {
    let before = await this.look();
    for (;;) {
      await this.pause();
      const after = await this.look();
      yield this.compare(before, after);
      before = after;
    }
  }
}

async function printOnce(watch: Watch, { isJson }: TopArguments, output: TopOutput): Promise<void> {
  for await (const report of watch.reports()) {
    if (isJson) output.out(asJson(report));
    else for (const line of topLines(report, columnsOf(output), paintFor(output))) output.out(line);
    return;
  }
}

/** On a screen of its own, until somebody has seen enough. A process that is away for a while is waited for. */
async function show(watch: Watch, output: TopOutput, quit: () => void): Promise<void> {
  let before: Scraped | undefined = await watch.look();
  const screen = new Screen(output.stdin, output.stdout, quit);
  const paint = paintFor(output);
  screen.open();
  try {
    screen.draw(['measuring ...']);
    let lines: string[] = [];
    while (!watch.signal.aborted) {
      await watch.pause();
      try {
        const after = await watch.look();
        // After it was away, two new looks are needed: its counters began anew.
        if (before !== undefined) lines = topLines(watch.compare(before, after), screen.columns, paint);
        screen.draw(lines);
        before = after;
      } catch (error) {
        if (watch.signal.aborted) throw error;
        before = undefined;
        const message = clip(printable((error as Error).message), screen.columns);
        screen.draw([paint(message, 'bad'), ...lines]);
      }
    }
  } finally {
    screen.close();
  }
}

function columnsOf({ stdout }: TopOutput): number {
  return stdout.isTTY ? stdout.columns || DEFAULT_COLUMNS : DEFAULT_COLUMNS;
}

/** The terminal knows of NO_COLOR and the like. */
function paintFor({ stdout }: TopOutput): typeof plain {
  return stdout.isTTY && stdout.hasColors() ? coloured : plain;
}

/** In JSON, texts of others are escaped but for marks that turn the direction of a text. */
function asJson(report: TopReport): string {
  return printable(JSON.stringify(report));
}
