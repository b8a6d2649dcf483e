import { httpServerRequestDuration } from '../telemetry/catalogue.js';
import type { Reading } from '../telemetry/reading.js';
import type { LiveRequests } from './live-report.js';
import { MOST_ROWS } from './operations-report.js';
import { countOf, grouped, meanOf, per, sumOf } from './reading-sums.js';
import type { WindowReadings } from './recent-readings.js';

/** Requests by method and route; those no route knew are together. */
export function requestsFrom({ seconds, of }: WindowReadings): LiveRequests[] {
  const groups = grouped(of(httpServerRequestDuration), ({ attributes }) => nameOf(attributes));
  return [...groups]
    .map(([name, readings]) => ({ name, readings, total: sumOf(readings) ?? 0 }))
    .toSorted((a, b) => b.total - a.total)
    .slice(0, MOST_ROWS)
    .map(({ name, readings }) => ({
      name,
      rate: per(countOf(readings), seconds),
      errorRate: per(countOf(readings, isError), seconds),
      mean: meanOf(readings),
    }));
}

function nameOf({
  'http.request.method': method = 'any',
  'http.route': route = '(no route)',
}: Reading['attributes']): string {
  return `${String(method)} ${String(route)}`;
}

function isError(attributes: Reading['attributes']): boolean {
  return attributes['error.type'] !== undefined || Number(attributes['http.response.status_code']) >= 500;
}
