import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../e2e/packed.js';

const folder = join(root, 'docs', 'runbooks');

/** The queries that stand in the pages about alerts. */
export function runbookQueries(): readonly { readonly page: string; readonly query: string }[] {
  return readdirSync(folder).flatMap((page) => {
    const text = readFileSync(join(folder, page), 'utf8');
    return [...text.matchAll(/^```promql\n(.*?)^```$/gms)].map(([, query = '']) => ({
      page,
      query: query.trim(),
    }));
  });
}
