import type { LiveSeries } from '../live-report.js';
import { sparkline } from './charts.js';
import { element, KeyedChildren, setAttribute, setText } from './elements.js';

export interface Cell {
  readonly text: string;
  /** What rows are sorted by. */
  readonly value: number | string;
  readonly tone?: 'good' | 'warn' | 'bad' | undefined;
}

export interface Column<Row> {
  readonly title: string;
  /** Left out where there is little room. */
  readonly isWide?: boolean;
  readonly cell?: (row: Row) => Cell;
  /** A picture of the last minutes instead of a number. */
  readonly series?: (row: Row) => LiveSeries;
  readonly format?: (value: number) => string;
}

export interface TableOptions<Row> {
  readonly caption: string;
  /** The first one names the row. */
  readonly columns: readonly Column<Row>[];
  readonly nameOf: (row: Row) => string;
  /** Index of the column that decides the order, the highest first. */
  readonly sortedBy: number;
}

export interface Table<Row> {
  readonly shown: HTMLElement;
  update(rows: readonly Row[]): void;
}

/** A table that its reader can sort by each column, with the mouse or without. */
export function table<Row>({ caption, columns, nameOf, sortedBy }: TableOptions<Row>): Table<Row> {
  let rows: readonly Row[] = [];
  let order = { column: sortedBy, isAscending: false };
  const body = element('tbody');
  const children = new KeyedChildren<Row, HTMLTableRowElement>(body, (row) => tableRow(columns, row, nameOf));
  const heads = columns.map((column, index) => {
    const { title, cell, isWide } = column;
    const scope = { scope: 'col', ...(isWide === true && { class: 'wide' }) };
    if (cell === undefined) return element('th', scope, title);
    const button = element('button', { type: 'button' }, title);
    button.addEventListener('click', () => {
      // Names from A on, numbers from the highest on; and the other way when asked again.
      const isAscending = order.column === index ? !order.isAscending : index === 0;
      order = { column: index, isAscending };
      show();
    });
    return element('th', scope, button);
  });
  const show = () => {
    for (const [index, head] of heads.entries()) {
      const direction = order.isAscending ? 'ascending' : 'descending';
      setAttribute(head, 'aria-sort', index === order.column ? direction : undefined);
    }
    const value = (row: Row) => columns[order.column]!.cell!(row).value;
    const sorted = rows.toSorted((a, b) => compare(value(a), value(b)) * (order.isAscending ? 1 : -1));
    children.show(sorted.map((row) => [nameOf(row), row]));
  };
  const shown = element(
    'div',
    { class: 'table', role: 'region', tabindex: 0, 'aria-label': caption },
    element(
      'table',
      {},
      element('caption', {}, caption),
      element('thead', {}, element('tr', {}, ...heads)),
      body,
    ),
  );
  return {
    shown,
    update(given) {
      rows = given;
      show();
    },
  };
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'string' || typeof b === 'string') return String(a).localeCompare(String(b));
  // What nobody measured is less than anything.
  return (Number.isNaN(a) ? -Infinity : a) - (Number.isNaN(b) ? -Infinity : b) || 0;
}

function tableRow<Row>(columns: readonly Column<Row>[], first: Row, nameOf: (row: Row) => string) {
  const cells = columns.map((column, index) => {
    const { title, cell, series, format = String, isWide } = column;
    const shown =
      index === 0 ? element('th', { scope: 'row' }) : element('td', isWide === true ? { class: 'wide' } : {});
    if (series !== undefined) {
      const chart = sparkline(`${title} of ${nameOf(first)}`, format);
      shown.append(chart.shown);
      return { shown, update: (row: Row) => chart.update(series(row)) };
    }
    const text = element('span');
    shown.append(text);
    return {
      shown,
      update(row: Row) {
        const { text: told, tone } = cell!(row);
        setText(text, told);
        setAttribute(text, 'class', tone);
      },
    };
  });
  const shown = element('tr', {}, ...cells.map((cell) => cell.shown));
  return { shown, update: (row: Row) => cells.forEach((cell) => cell.update(row)) };
}

/** A cell for a number that may not be known. */
export function number(
  value: number | undefined,
  format: (value: number | undefined) => string,
  tone?: Cell['tone'],
): Cell {
  return { text: format(value), value: value ?? Number.NaN, tone };
}
