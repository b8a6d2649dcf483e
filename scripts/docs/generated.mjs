import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchmarkPages } from './bench-pages.mjs';
import { environmentPage } from './environment-page.mjs';
import { formatted } from './formatted.mjs';
import { metricsPage } from './metrics-page.mjs';

/**
 * Pages that are made of the code, or show numbers of docs/benchmarks.json, by their paths: what they should hold.
 * `code` has the catalogue, the names that Prometheus sees, and the tables of the environment.
 */
export async function generatedFiles(root, { catalogue, names, environment }) {
  const environmentPath = join('docs', 'environment.md');
  const texts = new Map([
    [join('docs', 'metrics.md'), metricsPage(catalogue, names)],
    [environmentPath, environmentPage(readFileSync(join(root, environmentPath), 'utf8'), environment)],
  ]);
  for (const [path, text] of texts) texts.set(path, await formatted(join(root, path), text));
  const numbers = JSON.parse(readFileSync(join(root, 'docs', 'benchmarks.json'), 'utf8'));
  return new Map([...texts, ...(await benchmarkPages(root, numbers))]);
}
