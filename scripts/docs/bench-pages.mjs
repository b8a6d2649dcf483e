import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchmarksPage } from './bench-page.mjs';
import { readmeNumbers, stepCosts } from './bench-summary.mjs';
import { formatted } from './formatted.mjs';
import { replaceMarked } from './marked.mjs';

/** The pages that show numbers, by their paths: what they should hold of docs/benchmarks.json. */
export async function benchmarkPages(root, numbers) {
  const page = (path) => readFileSync(join(root, path), 'utf8');
  const architecture = join('docs', 'architecture.md');
  const texts = new Map([
    [join('docs', 'benchmarks.md'), benchmarksPage(numbers)],
    ['README.md', replaceMarked(page('README.md'), 'numbers', readmeNumbers(numbers))],
    [architecture, replaceMarked(page(architecture), 'costs', stepCosts(numbers))],
  ]);
  for (const [path, text] of texts) texts.set(path, await formatted(join(root, path), text));
  return texts;
}
