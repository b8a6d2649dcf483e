import { define, type InstrumentDefinition } from './definition.js';

/** Requests a server answers, under the names of the OpenTelemetry semantic conventions. */

/** Others are `_OTHER`, so that nobody makes series by inventing methods. */
export const HTTP_METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'QUERY',
  '_OTHER',
] as const;

export const URL_SCHEMES = ['http', 'https'] as const;

/** The boundaries the conventions name, so that servers in all languages can be added up. */
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

export const httpServerRequestDuration = define({
  name: 'http.server.request.duration',
  kind: 'histogram',
  unit: 's',
  description: 'How long requests took, from their head to the last byte of the answer.',
  attributes: {
    'http.request.method': HTTP_METHODS,
    'url.scheme': URL_SCHEMES,
    'http.response.status_code': 'number',
    'http.route': 'open',
    'network.protocol.version': 'open',
    'error.type': 'open',
  },
  buckets: REQUEST_BUCKETS,
});

export const httpServerActiveRequests = define({
  name: 'http.server.active_requests',
  kind: 'upDownCounter',
  unit: '{request}',
  description: 'Requests that are being answered.',
  attributes: { 'http.request.method': HTTP_METHODS, 'url.scheme': URL_SCHEMES },
});

export const httpCatalogue: readonly InstrumentDefinition[] = [
  httpServerRequestDuration,
  httpServerActiveRequests,
];
