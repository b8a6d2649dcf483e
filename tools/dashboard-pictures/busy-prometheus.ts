import { join } from 'node:path';
import { startBusyApp } from '../../test/grafana/start-busy-app.js';
import { startPrometheus, startRedis } from '../../test/e2e/servers.js';

const root = join(import.meta.dirname, '..', '..');
const INSTANCES = ['shop-1', 'shop-2'] as const;

/** Two busy programs with a Redis, watched by a Prometheus that asks every two seconds. */
export async function watchBusyApps(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const redis = await startRedis();
  const apps = await Promise.all(INSTANCES.map(() => startBusyApp(redis.url)));
  const prometheus = await startPrometheus({
    targets: [],
    jobName: 'shop',
    scrapeInterval: '2s',
    scrape: {
      static_configs: apps.map(({ metricsUrl }, i) => ({
        targets: [metricsUrl.host],
        labels: { instance: INSTANCES[i] },
      })),
    },
    ruleFiles: ['recording', 'alerts', 'slo'].map((name) =>
      join(root, `grafana/prometheus/${name}.rules.yml`),
    ),
  });
  return {
    url: prometheus.url,
    async stop() {
      await Promise.all([prometheus.stop(), ...apps.map((app) => app.stop()), redis.stop()]);
    },
  };
}
