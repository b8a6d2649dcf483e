import { httpServerActiveRequests, httpServerRequestDuration } from '../../../src/telemetry/catalogue.js';
import type { Row } from '../dashboard.js';
import { graph } from '../panels.js';
import { q } from './shared.js';

const ROUTE = ['http.request.method', 'http.route'] as const;
const LEGEND = '{{http_request_method}} {{http_route}}';

/** Requests a server answers, measured by the integrations of this package or by OpenTelemetry's own instrumentation. */
export const httpRow: Row = {
  title: 'Requests by route',
  panels: [
    graph({
      title: 'Requests',
      description:
        'Answered requests in a second. No route in the legend: nothing of the application answered, as with 404.',
      unit: 'ops',
      queries: [{ expr: q.rateBy(httpServerRequestDuration, ROUTE, {}, 'count'), legend: LEGEND }],
      min: 0,
    }),
    graph({
      title: 'Failed requests',
      description:
        'Answers with 5xx and answers that were not sent to the end, in a second, by the type of the error.',
      unit: 'ops',
      queries: [
        {
          expr: q.rateBy(
            httpServerRequestDuration,
            [...ROUTE, 'error.type'],
            { 'error.type': '!=' },
            'count',
          ),
          legend: `${LEGEND}: {{error_type}}`,
        },
      ],
      min: 0,
    }),
    graph({
      title: 'p99 by route',
      description:
        'From the head of a request to the last byte of its answer. The top line is where to begin.',
      unit: 's',
      queries: [{ expr: q.quantile(0.99, httpServerRequestDuration, ROUTE), legend: LEGEND, exemplar: true }],
      min: 0,
    }),
    graph({
      title: 'Requests being answered',
      description: 'At the moment, by instance. A line that only rises: answers are not ended.',
      unit: 'short',
      queries: [{ expr: q.sumBy(httpServerActiveRequests, ['instance']), legend: '{{instance}}' }],
      min: 0,
    }),
  ],
};
