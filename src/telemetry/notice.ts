import { diag } from '@opentelemetry/api';

const MAX_NOTICES = 1000;

/**
 * Says something once per process through OpenTelemetry's `diag`: what is wrong is usually wrong on every call.
 * `key` decides what counts as the same thing.
 */
export function noticeOnce(key: string, message: string, level: 'warn' | 'info' | 'error' = 'warn'): void {
  if (said.has(key) || said.size >= MAX_NOTICES) return;
  said.add(key);
  diag[level](`@gary-zero/performance: ${message}`);
}

/** Lets everything be said again; for tests. */
export function forgetNotices(): void {
  said.clear();
}

const said = new Set<string>();
