import { expect } from 'chai';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { MetricsEndpoint } from '../../../src/export/prometheus/metrics-endpoint.js';
import { PullReader } from '../../../src/telemetry/provider/pull-reader.js';
import { CellMeterProvider } from '../../../src/telemetry/provider/cell-meter-provider.js';
import { collectGarbage } from '../../fakes/garbage.js';
import { withLocalServer } from '../../fakes/local-server.js';
import { waitFor } from '../../e2e/wait-for.js';

const SERIES = 10_000;
/** What may stay of it all. */
const MAY_STAY = 5 * 2 ** 20;

function open(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent: new Agent() }, resolve).once('error', reject);
  });
}

async function linesOf(response: IncomingMessage): Promise<number> {
  let lines = 0;
  for await (const chunk of response) lines += (chunk as Buffer).filter((byte) => byte === 10).length;
  return lines;
}

function usedBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

for (const kind of ['cells', 'sdk'] as const) {
  describe(`/metrics over ${kind}, badly scraped,`, function () {
    this.timeout(60_000);

    async function scraped(use: (url: string, running: () => number) => Promise<void>): Promise<void> {
      const reader = new PullReader();
      const views = [{ instrumentName: '*', aggregationCardinalityLimit: 2 * SERIES }];
      const options = { readers: [reader], views, resource: resourceFromAttributes({}) };
      const provider = kind === 'cells' ? new CellMeterProvider(options) : new MeterProvider(options);
      const counter = provider.getMeter('app').createCounter('requests');
      for (let i = 0; i < SERIES; i++) counter.add(1, { operation: `operation number ${i}`, status: '200' });
      const endpoint = new MetricsEndpoint(reader);
      let running = 0;
      await withLocalServer(
        (request, response) => {
          running += 1;
          void endpoint.handler(request, response).finally(() => (running -= 1));
        },
        (url) => use(url, () => running),
      );
    }

    it('gives its memory back', () =>
      scraped(async (url, running) => {
        for (let i = 0; i < 3; i++) await linesOf(await open(url));
        const before = usedBytes();

        for (let i = 0; i < 40; i++) {
          const response = await open(url);
          await once(response, 'data');
          response.destroy();
        }
        const together = await Promise.all(Array.from({ length: 20 }, async () => linesOf(await open(url))));
        await waitFor(() => running() === 0, { what: 'the end of all scrapes' });

        expect(new Set(together)).to.deep.equal(new Set([SERIES + 1]));
        await waitFor(() => usedBytes() - before < MAY_STAY, { what: 'the memory', timeout: 20 });
      }));

    it('waits for a slow reader with what it has written', () =>
      scraped(async (url) => {
        const slow = await open(url);
        await once(slow, 'readable');
        slow.read(1000);

        for (let i = 0; i < 10; i++) expect(await linesOf(await open(url))).to.equal(SERIES + 1);

        expect(await linesOf(slow)).to.be.above(SERIES * 0.9);
      }));
  });
}
