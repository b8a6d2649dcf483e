import { TimeoutError } from '../../errors.js';
import type { PUSH_ERRORS } from '../../telemetry/catalogue.js';

export type PushError = (typeof PUSH_ERRORS)[number];

/** What a failed push failed of. Exporters tell in many ways: by codes of sockets, of HTTP and of gRPC. */
export function pushErrorOf(error: unknown): PushError {
  if (error instanceof TimeoutError) return 'timeout';
  const { name, code, message } = (error ?? {}) as { name?: unknown; code?: unknown; message?: unknown };
  if (typeof code === 'string') {
    if (code === 'ETIMEDOUT') return 'timeout';
    return /^(E[A-Z]+|ERR_TLS_\w+|ERR_SSL_\w+|CERT_\w+|\w+_CERT\w*)$/.test(code) ? 'connection' : 'other';
  }
  if (message === 'Request timed out') return 'timeout';
  if (typeof code === 'number' && hasGrpcStatus(error)) return GRPC_ERRORS[code] ?? 'refused';
  // Of answers over HTTP that may be different next time it knows no code.
  return name === 'OTLPExporterError' ? 'refused' : 'other';
}

/** Whose number is no answer of the collector: DEADLINE_EXCEEDED and UNAVAILABLE. */
const GRPC_ERRORS: Readonly<Record<number, PushError>> = { 4: 'timeout', 14: 'connection' };

function hasGrpcStatus(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'metadata' in error;
}
