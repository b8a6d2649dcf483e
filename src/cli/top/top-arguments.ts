import { parseArgs } from 'node:util';
import { toSeconds } from '../../duration.js';

export interface TopArguments {
  readonly url: URL;
  readonly intervalMs: number;
  readonly isOnce: boolean;
  readonly isJson: boolean;
}

export const TOP_USAGE = `Usage: performance top [URL] [--interval TIME] [--once] [--json]

Shows what a process does, by the page of metrics it serves for Prometheus. Any process will do; one that uses
@gary-zero/performance shows more.

  URL              where the metrics are (default http://127.0.0.1:9464/metrics)
  --interval TIME  between two looks: seconds, or text such as 500ms (default 2)
  --once           looks twice, prints that and ends
  --json           prints a JSON document, one line for each look

q or Ctrl-C ends it. A bearer token is taken from PERF_TOP_TOKEN.`;

const DEFAULT_URL = 'http://127.0.0.1:9464/metrics';
const SHORTEST = 0.1;
const LONGEST = 3600;

/** What was asked for, `'help'`, or why it cannot be understood. */
export function parseTopArguments(
  args: readonly string[],
): TopArguments | 'help' | { readonly mistake: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        interval: { type: 'string', default: '2' },
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return 'help';
    const [given = DEFAULT_URL, ...more] = positionals;
    if (more.length > 0) return { mistake: 'top takes one URL.' };
    const url = urlOf(given);
    if (url === undefined) return { mistake: `${JSON.stringify(given)} is no http or https address.` };
    if (url.username !== '' || url.password !== '')
      return {
        mistake: 'The URL has a password in it, which others on the machine can see; set PERF_TOP_TOKEN.',
      };
    const seconds = toSeconds(
      '--interval',
      /^[\d.]+$/.test(values.interval) ? Number(values.interval) : values.interval,
    );
    if (seconds < SHORTEST || seconds > LONGEST)
      return { mistake: `--interval must be from ${SHORTEST} to ${LONGEST} seconds.` };
    return { url, intervalMs: seconds * 1000, isOnce: values.once, isJson: values.json };
  } catch (error) {
    return { mistake: (error as Error).message };
  }
}

/** `localhost:9464` means http, and /metrics. */
function urlOf(given: string): URL | undefined {
  const text = /^https?:\/\//i.test(given) ? given : `http://${given}`;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.pathname === '/' && !given.endsWith('/')) url.pathname = '/metrics';
  return url;
}
