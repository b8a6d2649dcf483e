import { Queries } from '../queries.js';

export interface AlertText {
  /** Without the prefix. */
  readonly name: string;
  readonly expr: string;
  readonly for: string;
  readonly severity: 'critical' | 'warning' | 'info';
  readonly summary: string;
  readonly description: string;
  /** Its dashboard. */
  readonly dashboard: string;
}

/** Of all jobs: they have one package in common, and nothing else is asked. */
export const q = new Queries({ matchers: [], window: '5m' });
export const PROCESS = ['job', 'instance'];
export const CACHE = ['job', 'perf.cache.name'];
