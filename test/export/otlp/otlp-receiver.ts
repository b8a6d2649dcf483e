import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

/** What came in one request: its headers, and its body without compression. */
export interface ReceivedPush {
  readonly headers: IncomingHttpHeaders;
  readonly path: string | undefined;
  readonly body: Buffer;
}

export interface OtlpReceiver {
  readonly url: string;
  readonly port: number;
  readonly received: ReceivedPush[];
  close(): Promise<void>;
}

/** Takes OTLP over HTTP and keeps it. `answer` says something else than yes. */
export async function receiveOtlp({
  port = 0,
  answer = (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
}: {
  readonly port?: number;
  readonly answer?: RequestListener;
} = {}): Promise<OtlpReceiver> {
  const received: ReceivedPush[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((bytes) => {
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
      received.push({ headers: request.headers, path: request.url, body });
      answer(request, response);
    });
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    received,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** One metric in OTLP as JSON, as far as the tests look at it. */
export interface JsonMetric {
  readonly name: string;
  readonly sum?: JsonPoints;
  readonly gauge?: JsonPoints;
  readonly histogram?: JsonPoints;
  readonly exponentialHistogram?: JsonPoints;
}

interface JsonPoints {
  readonly aggregationTemporality?: number;
  readonly dataPoints: readonly { readonly asDouble?: number; readonly count?: number }[];
}

interface JsonAttribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

interface JsonRequest {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly JsonAttribute[] };
    readonly scopeMetrics: readonly { readonly metrics: readonly JsonMetric[] }[];
  }[];
}

/** Of a push over http/json. */
export function metricIn({ body }: ReceivedPush, name: string): JsonMetric | undefined {
  const { resourceMetrics } = JSON.parse(body.toString()) as JsonRequest;
  return resourceMetrics
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    .find((metric) => metric.name === name);
}

export function resourceIn({ body }: ReceivedPush): Record<string, string | undefined> {
  const { resourceMetrics } = JSON.parse(body.toString()) as JsonRequest;
  const attributes = resourceMetrics[0]?.resource.attributes ?? [];
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
}
