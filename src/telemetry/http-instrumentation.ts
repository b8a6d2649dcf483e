import { context, createContextKey, metrics, type MeterProvider } from '@opentelemetry/api';
import { SCOPE_NAME } from './connection.js';
import { httpServerRequestDuration } from './http-catalogue.js';

/**
 * How to live beside `@opentelemetry/instrumentation-http`, which measures the duration of requests under the same name.
 *
 * It patches the `emit` of servers, and nothing else tells that it is there. Whether it records anything is another
 * question: loaded before there was a MeterProvider it does not, ever. A provider of cells knows who has instruments of
 * that name; of another provider it cannot be known, so there it is believed to record.
 */

/** What it keeps in the context while a request is answered. It reports the route it finds here. */
export interface RpcMetadata {
  readonly type: string;
  route?: string;
}

const RPC_METADATA = createContextKey('OpenTelemetry SDK Context Key RPC_METADATA');

/** Of the request that is being answered now; there is none where no context manager is registered. */
export function activeRpcMetadata(): RpcMetadata | undefined {
  const metadata = context.active().getValue(RPC_METADATA) as RpcMetadata | undefined;
  return metadata?.type === 'http' ? metadata : undefined;
}

/** The name of its patch. Others, of vendors' agents for example, patch the same and record nothing of that name. */
const PATCH_NAME = 'incomingRequest';

/** Whether requests of a server with this `emit` are measured by it already. Some nanoseconds where nothing is patched. */
export function isMeasuredByInstrumentation(
  emit: unknown,
  meterProvider: MeterProvider | undefined,
): boolean {
  if (!isPatched(emit)) return false;
  const provider = (meterProvider ?? metrics.getMeterProvider()) as Partial<KnowsInstruments>;
  return provider.isMeasuredBesides?.(SCOPE_NAME, httpServerRequestDuration.name) ?? true;
}

interface KnowsInstruments {
  isMeasuredBesides(library: string, instrument: string): boolean;
}

/** Marks of whoever patches functions. */
const WRAPPED = '__wrapped';
const ORIGINAL = '__original';

interface Patched {
  readonly name: string;
  readonly [WRAPPED]?: boolean;
  readonly [ORIGINAL]?: Patched;
}

function isPatched(emit: unknown): boolean {
  let patch = emit as Patched | undefined;
  while (patch?.[WRAPPED] === true) {
    if (patch.name === PATCH_NAME) return true;
    patch = patch[ORIGINAL];
  }
  return false;
}
