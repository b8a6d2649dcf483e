import { resolve } from 'node:path';

/** How the demo was asked to run. */
export interface DemoOptions {
  /** Seconds it runs; `undefined`: until it is told to end. */
  readonly seconds: number | undefined;
  /** One JSON document on stdout instead of text. */
  readonly json: boolean;
  /** Absolute path of a key trace; `undefined`: made-up keys. */
  readonly trace: string | undefined;
  /** Port of the service, 0 for any free one; `undefined`: 8080, or any free one when that is taken. */
  readonly port: number | undefined;
  /** Port of /metrics, 0 for any free one; `undefined`: what the environment or the package says. */
  readonly metricsPort: number | undefined;
}

/** The command line cannot be understood. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export const USAGE = `usage: npm run demo -- [options]

A shop under load: product pages over a slow store, a checkout, a background job.

  --seconds N       end after N seconds; without it, Ctrl-C ends the demo
  --json            print the summary as one JSON document on stdout, everything else on stderr
  --trace FILE      ask for the keys of this trace instead of made-up ones: *.int32be, or text
                    with "key" or "time key bytes" in each line
  --port N          port of the shop, 0 for any free one (default 8080, or any free one)
  --metrics-port N  port of /metrics, 0 for any free one (default 9464)
  --help            print this`;

const FLAGS = new Set(['--json', '--help', '-h']);
const FLAGS_WITH_VALUE = new Set(['--seconds', '--trace', '--port', '--metrics-port']);
const MAX_PORT = 65_535;
/** Timers of Node cannot wait longer. */
const MAX_SECONDS = Math.floor((2 ** 31 - 1) / 1000);

/**
 * Reads the command line; of a flag given twice the last one counts. `'help'` when that is what is wanted.
 *
 * @param folder where relative paths start.
 * @throws {UsageError}
 */
export function parseArguments(given: readonly string[], folder: string): DemoOptions | 'help' {
  const flags = readFlags(given);
  if (flags.has('--help') || flags.has('-h')) return 'help';
  const trace = flags.get('--trace');
  return {
    seconds: numberOf(flags, '--seconds', `a number of seconds above 0, at most ${MAX_SECONDS}`, isSeconds),
    json: flags.has('--json'),
    trace: trace === undefined ? undefined : resolve(folder, trace),
    port: numberOf(flags, '--port', `a port from 0 to ${MAX_PORT}`, isPort),
    metricsPort: numberOf(flags, '--metrics-port', `a port from 0 to ${MAX_PORT}`, isPort),
  };
}

/** Accepts `--flag value` and `--flag=value`. */
function readFlags(given: readonly string[]): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  const rest = [...given];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    const equals = argument.startsWith('--') ? argument.indexOf('=') : -1;
    const name = equals < 0 ? argument : argument.slice(0, equals);
    const inline = equals < 0 ? undefined : argument.slice(equals + 1);
    if (FLAGS.has(name)) {
      if (inline !== undefined) throw new UsageError(`${name} takes no value, got "${inline}"`);
      flags.set(name, '');
    } else if (FLAGS_WITH_VALUE.has(name)) {
      const value = inline ?? rest.shift();
      if (value === undefined || value === '' || (inline === undefined && value.startsWith('--')))
        throw new UsageError(`${name} needs a value`);
      flags.set(name, value);
    } else {
      throw new UsageError(`unknown ${name.startsWith('-') ? 'option' : 'argument'} "${name}"`);
    }
  }
  return flags;
}

function numberOf(
  flags: ReadonlyMap<string, string>,
  name: string,
  expected: string,
  isUsable: (value: number) => boolean,
): number | undefined {
  const text = flags.get(name);
  if (text === undefined) return undefined;
  // Number() alone would take ' ', '0x50' and '1e3'.
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!isUsable(value)) throw new UsageError(`${name} must be ${expected}, got "${text}"`);
  return value;
}

function isSeconds(value: number): boolean {
  return value > 0 && value <= MAX_SECONDS;
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value <= MAX_PORT;
}
