import type { Attributes } from '@opentelemetry/api';
import { valueText, type LabelStyle } from './labels.js';
import type { LineBytes } from './line-bytes.js';

/** What all lines of one name have in common: what stands before labels, without labels, and after labels. */
export interface Sample {
  readonly open: string;
  readonly bare: string;
  readonly close: string;
}

/**
 * Writes what stands before the number of a line. Of attributes known to have no two names for one label. False, with some of
 * it written, where a value has more characters than `longest`.
 */
export function writeHead(
  page: LineBytes,
  style: LabelStyle,
  { open, bare, close }: Sample,
  attributes: Attributes,
  longest = Infinity,
): boolean {
  let isFirst = true;
  for (const attribute in attributes) {
    const value = attributes[attribute];
    if (value === undefined || value === null) continue;
    const { first, next } = style.opening(attribute);
    if (isFirst) page.text(open);
    page.text(isFirst ? first : next);
    const text = valueText(value);
    if (text.length > longest) return false;
    page.value(text);
    isFirst = false;
  }
  page.text(isFirst ? bare : `"${close}`);
  return true;
}
