import { request as httpRequest } from 'node:http';
import { CellMeterProvider, MetricsEndpoint, PullReader } from '../../src/index.js';
import { waitFor } from '../e2e/wait-for.js';

/** A provider whose page tests read, as Prometheus would. */
export class Metrics {
  readonly provider: CellMeterProvider;
  readonly endpoint: MetricsEndpoint;

  constructor() {
    const reader = new PullReader();
    this.provider = new CellMeterProvider({ readers: [reader] });
    this.endpoint = new MetricsEndpoint(reader, { meterProvider: this.provider });
  }

  async page(): Promise<string> {
    return (await this.endpoint.fetchHandler(new Request('http://localhost/metrics'))).text();
  }

  /** How often what was recorded, as `GET /users/:id 200` or `GET - 500 TypeError`; what is being answered as `active GET`. */
  async requests(): Promise<Record<string, number>> {
    return requestsOn(await this.page());
  }

  /** Waits until these and no others were recorded: a client may have its answer before the server knows. */
  async expectRequests(expected: Record<string, number>): Promise<void> {
    const wanted = sorted(expected);
    await waitFor(async () => sorted(await this.requests()) === wanted, {
      what: `requests ${wanted}`,
    }).catch(async (error: unknown) => {
      throw new Error(`${(error as Error).message}; recorded ${sorted(await this.requests())}`);
    });
  }
}

export function requestsOn(page: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { labels, value } of samplesOf(page, 'http_server_request_duration_seconds_count')) {
    const error = labels['error_type'];
    const status = labels['http_response_status_code'] ?? '-';
    const name = [
      labels['http_request_method'],
      labels['http_route'] ?? '-',
      status,
      ...(error === undefined || error === status ? [] : [error]),
    ];
    found[name.join(' ')] = value;
  }
  for (const { labels, value } of samplesOf(page, 'http_server_active_requests'))
    if (value !== 0) found[`active ${labels['http_request_method']}`] = value;
  return found;
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export function samplesOf(page: string, name: string): Sample[] {
  return page
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`))
    .map((line) => {
      const labels = [...line.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, value]) => [key, value]);
      return {
        labels: Object.fromEntries(labels) as Record<string, string>,
        value: Number(line.split(' ').at(-1)),
      };
    });
}

function sorted(counts: Record<string, number>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

/** What handlers of a test wait for, and tell it. */
export class Gate {
  readonly reached: Promise<void>;
  readonly opened: Promise<void>;
  readonly #resolvers: (() => void)[] = [];

  constructor() {
    this.reached = new Promise((resolve) => this.#resolvers.push(resolve));
    this.opened = new Promise((resolve) => this.#resolvers.push(resolve));
  }

  /** A handler was called, or a client has the first bytes. */
  reach(): void {
    this.#resolvers[0]!();
  }

  open(): void {
    this.#resolvers[1]!();
  }
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export async function ask(url: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  return { status: response.status, body: await response.text() };
}

/** Asks on one connection that stays open, one request after the other. */
export async function askWith(
  agent: NonNullable<Parameters<typeof httpRequest>[1]>['agent'],
  url: string,
): Promise<number> {
  return new Promise((resolve, reject) => {
    httpRequest(url, { agent }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode!));
    })
      .once('error', reject)
      .end();
  });
}
