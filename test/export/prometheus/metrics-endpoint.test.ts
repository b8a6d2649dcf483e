import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { InvalidOptionError } from '../../../src/errors.js';
import {
  MetricsEndpoint,
  type MetricsEndpointOptions,
} from '../../../src/export/prometheus/metrics-endpoint.js';
import type { MetricSource } from '../../../src/export/prometheus/metric-source.js';
import { PullReader } from '../../../src/telemetry/provider/pull-reader.js';
import { captureMetrics, type CollectedSeries } from '../../fakes/captured-telemetry.js';
import { captureNotices } from '../../fakes/captured-notices.js';
import { collected, type GivenMetric } from '../../fakes/collected-metrics.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { withLocalServer } from '../../fakes/local-server.js';
import { waitFor } from '../../e2e/wait-for.js';

const ONE: readonly GivenMetric[] = [{ points: [[{ a: 'x' }, 7]] }];
/** Several pieces of 64 KiB, so that a page is under way for a while. */
const MANY: readonly GivenMetric[] = [
  {
    points: Array.from(
      { length: 60_000 },
      (_, i) => [{ operation: `number ${i}`, pad: 'x'.repeat(60) }, i] as const,
    ),
  },
];

interface Given extends MetricsEndpointOptions {
  readonly metrics?: readonly GivenMetric[];
}

function endpointOf({ metrics = ONE, ...options }: Given = {}): MetricsEndpoint & {
  readonly collections: number;
} {
  let collections = 0;
  const source: MetricSource = {
    async collect() {
      collections += 1;
      return collected(metrics, { 'service.name': 'shop' });
    },
  };
  const endpoint = new MetricsEndpoint(source, options);
  return Object.defineProperty(endpoint, 'collections', { get: () => collections }) as never;
}

/** Answers as an application would: nothing is done with what the handler returns. */
const listener = (endpoint: MetricsEndpoint): RequestListener => {
  return (request, response) => void endpoint.handler(request, response);
};

async function get(url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const request = httpRequest(url, { headers }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

async function bytesOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe('MetricsEndpoint', () => {
  it('answers in the format that is asked for', () =>
    withLocalServer(listener(endpointOf()), async (url) => {
      const text = await get(url);
      const openMetrics = await get(url, { accept: 'application/openmetrics-text' });

      expect(text.headers['content-type']).to.equal('text/plain; version=0.0.4; charset=utf-8');
      expect((await bytesOf(text)).toString()).to.match(/^m_total\{a="x"\} 7$/m);
      expect(openMetrics.headers['content-type']).to.match(/^application\/openmetrics-text/);
      expect((await bytesOf(openMetrics)).toString()).to.match(/# EOF\n$/);
    }));

  it('answers all who ask before what writes pages is loaded', () =>
    withLocalServer(listener(endpointOf()), async (url) => {
      const responses = await Promise.all([get(url), get(url), get(url)]);
      const pages = await Promise.all(responses.map((response) => bytesOf(response)));

      for (const page of pages) expect(page.toString()).to.match(/^m_total\{a="x"\} 7$/m);
    }));

  it('compresses where it may', () =>
    withLocalServer(listener(endpointOf({ metrics: MANY })), async (url) => {
      const plain = await bytesOf(await get(url));
      const response = await get(url, { 'accept-encoding': 'gzip' });
      const packed = await bytesOf(response);

      expect(response.headers['content-encoding']).to.equal('gzip');
      expect(packed.length).to.be.below(plain.length / 10);
      expect(gunzipSync(packed).equals(plain)).to.equal(true);
      expect(plain.toString().match(/^m_total/gm)).to.have.lengthOf(60_000);
    }));

  it('answers HEAD without collecting, and refuses other methods', async () => {
    const endpoint = endpointOf();
    await withLocalServer(listener(endpoint), async (url) => {
      const head = await fetch(url, { method: 'HEAD' });
      const post = await fetch(url, { method: 'POST', body: 'x' });

      expect([head.status, await head.text(), endpoint.collections]).to.deep.equal([200, '', 0]);
      expect([post.status, post.headers.get('allow')]).to.deep.equal([405, 'GET, HEAD']);
    });
  });

  it('lets in who is allowed to', async () => {
    const endpoint = endpointOf({ auth: { bearer: 'sesame' } });
    await withLocalServer(listener(endpoint), async (url) => {
      const refused = await fetch(url);
      const wrong = await fetch(url, { headers: { authorization: 'Bearer other' } });
      const answered = await fetch(url, { headers: { authorization: 'Bearer sesame' } });

      expect([refused.status, wrong.status, answered.status]).to.deep.equal([401, 401, 200]);
      expect(refused.headers.get('www-authenticate')).to.equal('Bearer realm="metrics"');
      expect(await refused.text()).to.equal('Unauthorized\n');
    });
    await withLocalServer(listener(endpointOf({ allow: ['10.0.0.0/8'] })), async (url) => {
      const refused = await fetch(url);
      expect([refused.status, await refused.text()]).to.deep.equal([403, 'Forbidden\n']);
    });
    await withLocalServer(listener(endpointOf({ allow: ['127.0.0.0/8'] })), async (url) => {
      expect((await fetch(url)).status).to.equal(200);
    });
  });

  it('answers Requests of the Fetch standard', async () => {
    const endpoint = endpointOf({ allow: ['10.0.0.0/8'] });
    const request = new Request('http://localhost/metrics', { headers: { 'accept-encoding': 'gzip' } });

    const answered = await endpoint.fetchHandler(request, { address: '10.0.0.1' });
    const unknown = await endpoint.fetchHandler(request);

    expect(answered.headers.get('content-encoding')).to.equal('gzip');
    const page = gunzipSync(Buffer.from(await answered.arrayBuffer())).toString();
    expect(page).to.include('m_total{a="x"} 7');
    expect(unknown.status).to.equal(403);
  });

  it('tells nobody outside what went wrong while collecting', async () => {
    const notices = captureNotices();
    const source = { collect: () => Promise.reject(new Error('password=hunter2')) };
    await withLocalServer(listener(new MetricsEndpoint(source)), async (url) => {
      const response = await fetch(url);

      expect([response.status, await response.text()]).to.deep.equal([
        503,
        'Metrics could not be collected\n',
      ]);
    });
    expect(notices.said.join()).to.include('hunter2');
    notices.release();
  });

  it('says once what callbacks threw, and answers with the rest', async () => {
    const notices = captureNotices();
    const source = { collect: async () => ({ ...collected(ONE), errors: [new Error('callback failed')] }) };
    await withLocalServer(listener(new MetricsEndpoint(source)), async (url) => {
      expect(await (await fetch(url)).text()).to.include('m_total');
      await (await fetch(url)).text();
    });
    expect(notices.said.filter((text) => text.includes('callback failed'))).to.have.lengthOf(1);
    notices.release();
  });

  it('collects once for scrapes that come together', async () => {
    let release = () => {};
    let collections = 0;
    const held = new Promise<void>((resolve) => (release = resolve));
    const source: MetricSource = {
      async collect() {
        collections += 1;
        await held;
        return collected(ONE);
      },
    };
    const endpoint = new MetricsEndpoint(source);
    let asked = 0;
    const counting: RequestListener = (request, response) => {
      void endpoint.handler(request, response);
      if (++asked === 5) release();
    };
    await withLocalServer(counting, async (url) => {
      const texts = await Promise.all(Array.from({ length: 5 }, async () => (await fetch(url)).text()));

      expect(new Set(texts).size).to.equal(1);
      expect(collections).to.equal(1);
    });
  });

  it('runs the callbacks of observables once per scrape', async () => {
    const reader = new PullReader();
    const provider = new MeterProvider({ readers: [reader] });
    let calls = 0;
    provider
      .getMeter('app')
      .createObservableGauge('load')
      .addCallback((result) => result.observe((calls += 1)));
    await withLocalServer(listener(new MetricsEndpoint(reader)), async (url) => {
      expect(await (await fetch(url)).text()).to.match(/^load 1$/m);
      expect(await (await fetch(url)).text()).to.match(/^load 2$/m);
    });
  });

  it('leaves out what is about an interval', async () => {
    const notices = captureNotices();
    const delta = collected(ONE);
    (
      delta.resourceMetrics.scopeMetrics[0]!.metrics[0] as { aggregationTemporality: number }
    ).aggregationTemporality = 0;
    await withLocalServer(listener(new MetricsEndpoint({ collect: async () => delta })), async (url) => {
      expect(await (await fetch(url)).text()).to.equal('');
    });
    expect(notices.said.join()).to.include('"m" has delta temporality');
    notices.release();
  });

  describe('keeps to the time of who scrapes', () => {
    it('and gives up a collection that does not come', async () => {
      const clock = new FakeClock();
      let timeoutMillis: number | undefined;
      const source: MetricSource = {
        collect: (options) => {
          timeoutMillis = options?.timeoutMillis;
          return new Promise(() => {});
        },
      };
      await withLocalServer(listener(new MetricsEndpoint(source, { clock })), async (url) => {
        const response = fetch(url, { headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '2' } });
        await waitFor(() => timeoutMillis !== undefined, { what: 'the collection' });
        clock.advance(2);

        expect((await response).status).to.equal(503);
        expect(timeoutMillis).to.equal(1600);
        expect(clock.timers).to.equal(0);
      });
    });

    it('and drops a page that nobody takes', async () => {
      const clock = new FakeClock();
      const { provider, collect } = captureMetrics();
      const endpoint = endpointOf({ metrics: MANY, clock, meterProvider: provider });
      await withLocalServer(listener(endpoint), async (url) => {
        const response = await get(url, { 'X-Prometheus-Scrape-Timeout-Seconds': '3' });
        response.pause();
        await waitFor(() => clock.timers === 1, { what: 'a page under way' });
        clock.advance(3);

        const error = await bytesOf(response).catch((thrown: unknown) => thrown);
        expect(error).to.be.instanceOf(Error);
        const [duration] = await waitFor(async () => resultsOf(await collect()), { what: 'the timeout' });
        expect(duration).to.equal('timeout');
      });
    });

    for (const header of ['0', '-1', 'soon', '1e9']) {
      it(`unless it says ${header}`, async () => {
        const clock = new FakeClock();
        const endpoint = endpointOf({ clock });
        await withLocalServer(listener(endpoint), async (url) => {
          const response = await fetch(url, { headers: { 'X-Prometheus-Scrape-Timeout-Seconds': header } });
          expect(response.status).to.equal(200);
          await response.text();
        });
      });
    }
  });

  it('drops a page at once when its reader goes away', async () => {
    const { provider, collect } = captureMetrics();
    const endpoint = endpointOf({ metrics: MANY, meterProvider: provider });
    let answered: Promise<void> | undefined;
    const listen: RequestListener = (request, response) =>
      void (answered = endpoint.handler(request, response));
    await withLocalServer(listen, async (url) => {
      const response = await get(url);
      await once(response, 'data');
      response.destroy();
      await answered;

      expect(resultsOf(await collect())).to.deep.equal(['aborted']);
    });
  });

  it('collects for nobody who has gone meanwhile', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const { provider, collect } = captureMetrics();
    const source: MetricSource = {
      async collect() {
        await held;
        return collected(ONE);
      },
    };
    const endpoint = new MetricsEndpoint(source, { meterProvider: provider });
    let answered: Promise<void> | undefined;
    let isGone = false;
    const listen: RequestListener = (request, response) => {
      response.once('close', () => (isGone = true));
      answered = endpoint.handler(request, response);
    };
    await withLocalServer(listen, async (url) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await waitFor(() => answered !== undefined, { what: 'the request' });
      socket.destroy();
      await waitFor(() => isGone, { what: 'the end of the connection' });
      release();
      await answered;

      expect(resultsOf(await collect())).to.deep.equal(['aborted']);
    });
  });

  it('tells who comes too many to come back', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const source: MetricSource = {
      async collect() {
        await held;
        return collected(ONE);
      },
    };
    const endpoint = new MetricsEndpoint(source);
    const request = new Request('http://localhost/metrics');
    const waiting = Array.from({ length: 64 }, () => endpoint.fetchHandler(request));

    const refused = await endpoint.fetchHandler(request);
    release();
    const answered = await Promise.all(waiting);
    await Promise.all(answered.map((response) => response.text()));

    expect([refused.status, refused.headers.get('retry-after')]).to.deep.equal([503, '1']);
    expect((await endpoint.fetchHandler(request)).status).to.equal(200);
  });

  it('measures what scrapes cost', async () => {
    const { provider, collect } = captureMetrics();
    const endpoint = endpointOf({ meterProvider: provider });
    const response = await endpoint.fetchHandler(new Request('http://localhost/metrics'));
    const bytes = (await response.arrayBuffer()).byteLength;

    const size = await waitFor(
      async () => (await collect()).find(({ name }) => name === 'perf.scrape.size'),
      { what: 'the size' },
    );

    expect(size.attributes).to.deep.equal({ 'perf.scrape.format': 'text' });
    expect((size.value as { sum: number }).sum).to.equal(bytes);
    expect(resultsOf(await collect())).to.deep.equal(['ok']);
  });

  it('refuses options that make no sense', () => {
    const wrong = [
      { translationStrategy: 'underscores' },
      { scopeLabels: 'yes' },
      { resourceLabels: 'service.name' },
      { bearer: 'x' },
    ];
    for (const options of wrong) {
      expect(() => endpointOf(options as Given), JSON.stringify(options)).to.throw(InvalidOptionError);
    }
  });

  it('has resource attributes as labels on request', async () => {
    const endpoint = endpointOf({ resourceLabels: ['service.name', 'unknown'] });

    const response = await endpoint.fetchHandler(new Request('http://localhost/metrics'));

    expect(await response.text()).to.include('m_total{a="x",service_name="shop"} 7\n');
  });
});

/** How scrapes ended; nothing while none has. */
function resultsOf(series: readonly CollectedSeries[]): unknown[] | undefined {
  const durations = series.filter(({ name }) => name === 'perf.scrape.duration');
  return durations.length === 0
    ? undefined
    : durations.map(({ attributes }) => attributes['perf.scrape.result']);
}
