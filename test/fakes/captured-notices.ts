import { diag, DiagLogLevel } from '@opentelemetry/api';
import { forgetNotices } from '../../src/telemetry/notice.js';

/** What this package says through OpenTelemetry's `diag`. */
export interface CapturedNotices {
  /** What was said so far, without the name of the package. */
  readonly said: readonly string[];
  release(): void;
}

/** Listens from now on. Everything can be said once again; others' messages are left out. */
export function captureNotices(): CapturedNotices {
  forgetNotices();
  const said: string[] = [];
  const listen = (message: string) => {
    const [, ours] = /^@gary-zero\/performance: (.*)$/s.exec(message) ?? [];
    if (ours !== undefined) said.push(ours);
  };
  const logger = { error: listen, warn: listen, info: listen, debug: listen, verbose: listen };
  diag.setLogger(logger, { logLevel: DiagLogLevel.INFO, suppressOverrideMessage: true });
  return {
    said,
    release() {
      diag.disable();
      forgetNotices();
    },
  };
}
