import { noticeOnce } from '../telemetry/notice.js';

const VALID = /^[A-Za-z][-\w./]{0,254}$/;
const MAX_LENGTH = 255;

/**
 * The name under which a metric is exported. OpenTelemetry allows a letter followed by letters, digits, `_ . - /`,
 * 255 characters in all; anything else becomes `_`, a name that starts otherwise gets `m_` in front, both said once.
 * `undefined` for what is no text or empty: such a measurement is dropped.
 */
export function metricName(name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '') {
    noticeOnce(
      `name ${typeof name}`,
      `a metric name must be a text that is not empty, got ${typeof name}; not recorded`,
    );
    return undefined;
  }
  if (VALID.test(name)) return name;
  const letters = name.replaceAll(/[^-\w./]/g, '_');
  const usable = (/^[A-Za-z]/.test(letters) ? letters : `m_${letters}`).slice(0, MAX_LENGTH);
  noticeOnce(
    `name ${usable}`,
    `${JSON.stringify(name.slice(0, 60))} is no valid metric name; it is recorded as "${usable}"`,
  );
  return usable;
}
