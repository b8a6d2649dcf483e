import { expect } from 'chai';
import { join } from 'node:path';
import { root } from './packed.js';
import {
  needsServer,
  promtool,
  startProcess,
  startPrometheus,
  waitFor,
  type RunningProcess,
  type RunningPrometheus,
} from './servers.js';

/** Starts the demo on free ports; resolves when it has said where its metrics are. */
async function startDemo(): Promise<RunningProcess & { readonly metricsUrl: URL }> {
  let printed = '';
  const args = ['--import', 'tsx', join(root, 'examples/storefront/main.ts')];
  const demo = await startProcess(
    process.execPath,
    [...args, '--port', '0', '--metrics-port', '0', '--json'],
    {
      cwd: root,
      ready: (child, signal) => {
        child.stderr?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
        return waitFor(() => /http\S+\/metrics/.test(printed), {
          what: 'the address of the demo',
          timeout: 15,
          signal,
        });
      },
    },
  );
  return { ...demo, metricsUrl: new URL(/http\S+\/metrics/.exec(printed)![0]) };
}

/** The semantic conventions have their own ways, such as `process.unix.file_descriptor.count`. */
const CONVENTION_LINTS = /^process_unix_file_descriptor_count .*"_count" suffix$/;
/** What promtool ends with when the page can be read and only its style is wrong. */
const LINTED = 3;

describe('e2e a real Prometheus that scrapes the demo', function () {
  this.timeout(60_000);
  let demo: Awaited<ReturnType<typeof startDemo>>;
  let prometheus: RunningPrometheus;

  before(async function () {
    needsServer(this, 'prometheus');
    needsServer(this, 'promtool');
    demo = await startDemo();
    prometheus = await startPrometheus({ targets: [demo.metricsUrl.host], jobName: 'storefront' });
  });
  after(async () => {
    await prometheus?.stop();
    await demo?.stop();
  });

  it('has the target up', async () => {
    const target = await waitFor(
      async () => (await prometheus.targets()).find(({ health }) => health === 'up'),
      { what: 'a target that is up', timeout: 20 },
    );

    expect(target.lastError).to.equal('');
  });

  for (const query of [
    'sum(perf_operation_duration_seconds_count) > 0',
    'sum(perf_cache_lookups_total) > 0',
    'process_memory_usage_bytes > 0',
    'sum(rate(process_cpu_time_seconds_total[10s])) > 0',
    'sum(rate(system_cpu_time_seconds_total[10s])) > 0',
    'histogram_quantile(0.95, sum by (le) (rate(perf_operation_duration_seconds_bucket[10s]))) > 0',
    'sum(rate(perf_cache_lookups_total{perf_cache_result="hit"}[10s])) / sum(rate(perf_cache_lookups_total[10s])) > 0',
    'sum(perf_optimizer_decisions_total) > 0',
    'target_info{service_name!=""}',
  ]) {
    it(`answers ${query}`, async () => {
      const samples = await waitFor(
        async () => {
          const found = await prometheus.query(query);
          return found.length > 0 ? found : undefined;
        },
        { what: query, timeout: 20 },
      );

      expect(Number.isFinite(Number(samples[0]!.value[1]))).to.equal(true);
    });
  }

  it('finds nothing to lint on the page', async () => {
    const page = await fetch(demo.metricsUrl).then((response) => response.text());

    const { code, stdout, stderr } = await promtool(['check', 'metrics'], page);

    const said = (stdout + stderr).split('\n').filter((line) => line !== '' && !CONVENTION_LINTS.test(line));
    expect(said).to.deep.equal([]);
    expect(code).to.be.oneOf([0, LINTED]);
  });
});
