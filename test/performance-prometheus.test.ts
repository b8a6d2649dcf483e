import { metrics } from '@opentelemetry/api';
import { expect } from 'chai';
import { InvalidOptionError } from '../src/errors.js';
import { startPerformance, type Performance } from '../src/performance.js';
import type { PrometheusOptions } from '../src/performance-options.js';
import { withLocalServer } from './fakes/local-server.js';

describe('startPerformance({ prometheus })', () => {
  let running: Performance | undefined;
  const start = (prometheus: PrometheusOptions) =>
    (running = startPerformance({ prometheus: { port: 0, ...prometheus }, optimizer: { auto: false } }));

  afterEach(async () => {
    await running?.shutdown();
    running = undefined;
    metrics.disable();
  });

  it('asks for a secret', async () => {
    const perf = start({ auth: { username: 'prom', password: 'sesame' } });
    await perf.ready;
    const authorization = `Basic ${Buffer.from('prom:sesame').toString('base64')}`;

    const refused = await fetch(perf.metricsUrl!);
    const answered = await fetch(perf.metricsUrl!, { headers: { authorization } });

    expect([refused.status, answered.status]).to.deep.equal([401, 200]);
    await answered.text();
  });

  it('opens no port where the application serves the metrics itself', async () => {
    const perf = start({ listen: false, resourceLabels: ['telemetry.distro.name'] });
    await perf.ready;
    perf.monitor.recordCounter('orders', 2);

    expect(perf.metricsUrl).to.equal(undefined);
    await withLocalServer(
      (request, response) => void perf.metricsEndpoint!.handler(request, response),
      async (url) => {
        expect(await (await fetch(url)).text()).to.match(
          /^orders_total\{telemetry_distro_name="@gary-zero\/performance"\} 2$/m,
        );
      },
    );
  });

  it('writes names as it is told', async () => {
    const perf = start({ translationStrategy: 'NoTranslation' });
    await perf.ready;
    const accept = 'text/plain;version=1.0.0;escaping=allow-utf-8';

    const page = await (await fetch(perf.metricsUrl!, { headers: { accept } })).text();

    expect(page).to.match(/^\{"process\.memory\.usage"\} \d+$/m);
  });

  it('measures its own scrapes', async () => {
    const perf = start({});
    await perf.ready;

    await (await fetch(perf.metricsUrl!)).text();
    const page = await (await fetch(perf.metricsUrl!)).text();

    const labels = 'perf_scrape_format="text",perf_scrape_result="ok"';
    expect(page).to.include(`perf_scrape_duration_seconds_count{${labels}} 1\n`);
    expect(page).to.include('perf_scrape_size_bytes_count{perf_scrape_format="text"} 1\n');
  });

  it('has no endpoint where it serves nothing', () => {
    running = startPerformance({ prometheus: false, optimizer: { auto: false } });

    expect(running.metricsEndpoint).to.equal(undefined);
  });

  it('refuses wrong options without showing secrets, and starts nothing', () => {
    const wrong = [
      { auth: 's3same' },
      { auth: { bearer: 73_575 } },
      { allow: ['here'] },
      { listen: 'no' },
      { bearer: 'x' },
    ];
    for (const options of wrong) {
      expect(() => start(options as unknown as PrometheusOptions), JSON.stringify(options))
        .to.throw(InvalidOptionError)
        .with.property('message')
        .that.does.not.match(/s3same|73575/);
    }
    expect(start({}).metricsUrl).to.equal(undefined);
  });
});
