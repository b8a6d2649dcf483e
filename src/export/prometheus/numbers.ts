/** A number as every format of Prometheus reads it. */
export function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}

/** As {@link numberText}, and whole numbers with a point, which OpenMetrics asks for in `le`. */
export function floatText(value: number): string {
  const text = numberText(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
