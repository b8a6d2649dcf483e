import type { Dashboard } from '../dashboard.js';
import { async } from './async.js';
import { caches } from './caches.js';
import { optimizer } from './optimizer.js';
import { overview } from './overview.js';
import { runtime } from './runtime.js';
import { slo } from './slo.js';

/** All of them, by the name of their file. */
export const dashboards: Readonly<Record<string, Dashboard>> = {
  overview,
  caches,
  async,
  runtime,
  optimizer,
  slo,
};
