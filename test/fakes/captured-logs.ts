import * as api from '@opentelemetry/api';
import * as apiOfLogs from '@opentelemetry/api-logs';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
  type ReadableLogRecord,
} from '@opentelemetry/sdk-logs';
import { eventsAreLogged } from '../../src/telemetry/event-log.js';

/** Where providers are registered: since 1.10 in the API itself, before in a package of its own. */
export const logs = (api as unknown as Partial<Pick<typeof apiOfLogs, 'logs'>>).logs ?? apiOfLogs.logs;

/** Registers a provider of the real SDK. What is returned gives everything that was logged since. */
export function captureLogs(): () => Promise<readonly ReadableLogRecord[]> {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
  logs.setGlobalLoggerProvider(provider);
  return async () => {
    await eventsAreLogged();
    await provider.forceFlush();
    return exporter.getFinishedLogRecords();
  };
}
