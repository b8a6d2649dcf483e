import { expect } from 'chai';
import { runScript } from '../../fakes/child-script.js';

/** A metric as the application's /metrics reader was given it. */
interface Family {
  readonly name: string;
  readonly unit: string;
  readonly type: number;
  /** Names of the attributes of its points, and how many values are recorded in them, where they are histograms. */
  readonly attributes: readonly string[];
  readonly counts: readonly number[];
}

describe("OpenTelemetry's own instrumentations of http, fetch and the runtime", function () {
  this.timeout(60_000);

  it('give the same metrics over a provider of cells as over that of the SDK', async () => {
    const [cells, sdk] = await Promise.all([familiesOver('cells'), familiesOver('sdk')]);

    expect(cells).to.deep.equal(sdk);
    const names = cells.map(({ name }) => name);
    expect(names).to.include.members(['nodejs.eventloop.utilization', 'v8js.memory.heap.used']);
    for (const name of ['http.server.request.duration', 'http.client.request.duration']) {
      const of = cells.filter((family) => family.name === name);
      expect(of.flatMap(({ counts }) => counts).length, name).to.be.above(0);
    }
  });
});

/** A small service that calls itself by `http` and by `fetch`, in a process of its own: instrumentations patch modules. */
async function familiesOver(provider: 'cells' | 'sdk'): Promise<Family[]> {
  const { code, stdout, stderr } = await runScript(`
    import { once } from 'node:events';
    import { createRequire } from 'node:module';
    import { monitorEventLoopDelay } from 'node:perf_hooks';
    import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
    import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
    import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
    import { buildProvider } from './src/export/provider.ts';

    const { provider, pullReader } = buildProvider({
      kind: '${provider}',
      resourceAttributes: {},
      exporters: ['prometheus'],
      readers: [],
      views: [],
    });
    for (const Instrumentation of [HttpInstrumentation, RuntimeNodeInstrumentation, UndiciInstrumentation]) {
      const instrumentation = new Instrumentation();
      instrumentation.setMeterProvider(provider);
      instrumentation.enable();
    }
    const witness = () => {
      const delay = monitorEventLoopDelay({ resolution: 10 });
      delay.enable();
      return delay;
    };
    const http = createRequire(import.meta.url)('node:http');

    const server = http.createServer((request, response) => {
      response.statusCode = request.url === '/broken' ? 500 : 200;
      response.end('here');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = 'http://127.0.0.1:' + server.address().port;
    for (const path of ['/', '/', '/broken']) {
      await (await fetch(url + path)).text();
      const [response] = await once(http.get(url + path), 'response');
      await once(response.resume(), 'end');
    }
    await new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    // Delays of the loop are sampled every 10 ms, and are not reported before the first sample.
    for (const delay = witness(); delay.count < 5; ) await new Promise((resolve) => setImmediate(resolve));

    const { resourceMetrics, errors } = await pullReader.collect();
    if (errors.length > 0) throw errors[0];
    const families = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics).map((metric) => ({
      name: metric.descriptor.name,
      unit: metric.descriptor.unit,
      type: metric.dataPointType,
      attributes: [...new Set(metric.dataPoints.flatMap(({ attributes }) => Object.keys(attributes)))].sort(),
      counts: metric.descriptor.name.startsWith('http.')
        ? metric.dataPoints.map(({ value }) => value.count).sort()
        : [],
    }));
    console.log(JSON.stringify(families));
    process.exit();
  `);
  if (code !== 0) throw new Error(`the service over ${provider} ended with ${code}: ${stderr}`);
  const families = JSON.parse(stdout) as Family[];
  // Garbage may be collected, or not, while the service runs.
  return families
    .filter(({ name }) => name !== 'v8js.gc.duration')
    .toSorted((a, b) =>
      a.name === b.name ? a.attributes.length - b.attributes.length : a.name < b.name ? -1 : 1,
    );
}
