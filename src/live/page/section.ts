import type { LiveReport } from '../live-report.js';
import { element, setText } from './elements.js';

export interface Section {
  readonly shown: HTMLElement;
  update(report: LiveReport): void;
}

export interface SectionOptions {
  readonly id: string;
  readonly title: string;
}

/** A part of the page with a heading, a note beside it, and what to do where there is nothing to show. */
export function section({ id, title }: SectionOptions) {
  const note = element('p', { class: 'note' });
  const empty = element('p', { class: 'empty' });
  const content = element('div');
  const heading = element('h2', { id: `${id}-title` }, title);
  const shown = element(
    'section',
    { id, 'aria-labelledby': `${id}-title` },
    element('div', { class: 'heading' }, heading, note),
    empty,
    content,
  );
  return {
    shown,
    content,
    /** `nothing`: what to say instead of the content. */
    tell: (text: string, nothing?: readonly Child[]): void => {
      setText(note, text);
      empty.hidden = nothing === undefined;
      content.hidden = nothing !== undefined;
      if (nothing !== undefined && empty.childNodes.length === 0) empty.append(...nothing);
    },
  };
}

type Child = Node | string;

/** A part of a section that is there only while it has something to show. */
export function part(title: string, ...content: readonly Node[]): HTMLElement {
  return element('div', { class: 'part' }, element('h3', {}, title), ...content);
}

export function code(text: string): HTMLElement {
  return element('code', {}, text);
}
