import { printable } from '../../cache/persistent/printable.js';

/** How a text stands out. */
export type Tone = 'strong' | 'quiet' | 'bad' | 'warn' | 'good';

export type Paint = (text: string, tone: Tone) => string;

const CODES: Readonly<Record<Tone, number>> = { strong: 1, quiet: 2, bad: 31, warn: 33, good: 32 };

export const plain: Paint = (text) => text;

export const coloured: Paint = (text, tone) => `\u001B[${CODES[tone]}m${text}\u001B[0m`;

export interface TextCell {
  readonly text: string;
  readonly tone?: Tone | undefined;
}

export interface TextTable {
  /** The first column takes the room that is left; the others are numbers. */
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | TextCell)[])[];
}

const GAP = 2;
const LEAST_NAME = 16;
const ELLIPSIS = '…';

/** Lines of a table, none wider than `width`: columns on the right are left out where there is no room for them. */
export function tableLines({ head, rows }: TextTable, width: number, paint: Paint): string[] {
  const cells = rows.map((row) => row.map(printableCell));
  const widths = head.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.text.length ?? 0)),
  );
  let shown = head.length;
  const numbers = () => widths.slice(1, shown).reduce((sum, each) => sum + each + GAP, 0);
  while (shown > 2 && LEAST_NAME + numbers() > width) shown -= 1;
  const nameWidth = Math.min(widths[0] ?? 0, Math.max(LEAST_NAME, width - numbers()));
  const line = (row: readonly TextCell[], tone?: Tone) => {
    const parts = row.slice(0, shown).map((cell, column) => {
      const text = clip(cell.text, column === 0 ? nameWidth : widths[column]!);
      const padded = column === 0 ? text.padEnd(nameWidth) : text.padStart(widths[column]! + GAP);
      const painted = cell.tone ?? tone;
      return painted === undefined ? padded : paint(padded, painted);
    });
    return parts.join('').trimEnd();
  };
  return [
    line(
      head.map((text) => ({ text })),
      'quiet',
    ),
    ...cells.map((row) => line(row)),
  ];
}

function printableCell(cell: string | TextCell): TextCell {
  if (typeof cell === 'string') return { text: printable(cell) };
  return { ...cell, text: printable(cell.text) };
}

/** What is told of others may be long. Characters count as one column, which is nearly always so. */
export function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}${ELLIPSIS}`;
}
