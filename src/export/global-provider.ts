import { createNoopMeter, diag, metrics, type MeterProvider } from '@opentelemetry/api';

/** Whether something comes of what is recorded into a provider; OpenTelemetry gives one that does nothing otherwise. */
export function isRegistered(provider: MeterProvider): boolean {
  // Of ours every meter has instruments, also after its end; it says itself when it came.
  if ((provider as { readonly isShutDown?: boolean }).isShutDown === true) return false;
  return provider.getMeter('') !== createNoopMeter();
}

/** Makes a provider the global one, unless there is one already. Tells whether it did. */
export function registerIfWanted(provider: MeterProvider, isWanted: boolean): boolean {
  if (!isWanted || isRegistered(metrics.getMeterProvider()) || !isRegistered(provider)) return false;
  const isGlobal = metrics.setGlobalMeterProvider(provider);
  if (!isGlobal)
    diag.warn('@gary-zero/performance: its MeterProvider could not be registered as the global one');
  return isGlobal;
}
