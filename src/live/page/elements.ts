type Attributes = Readonly<Record<string, string | number | boolean>>;
type Child = Node | string;

/** An element; texts become text, never markup. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

const SVG = 'http://www.w3.org/2000/svg';

export function drawing<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/** Touches the page only where something changed: what is selected stays so, and nothing is drawn for nothing. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

export function setAttribute(target: Element, name: string, value: string | undefined): void {
  if (value === undefined) target.removeAttribute(name);
  else if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}

/** The element that has this id. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/** Children of an element that stand for things with keys: who has the focus keeps it while the others come and go. */
export class KeyedChildren<T, Shown extends Element> {
  readonly #parent: Element;
  readonly #make: (item: T) => { readonly shown: Shown; readonly update: (item: T) => void };
  readonly #known = new Map<string, { readonly shown: Shown; readonly update: (item: T) => void }>();

  constructor(
    parent: Element,
    make: (item: T) => { readonly shown: Shown; readonly update: (item: T) => void },
  ) {
    this.#parent = parent;
    this.#make = make;
  }

  show(items: readonly (readonly [key: string, item: T])[]): void {
    const keys = new Set(items.map(([key]) => key));
    for (const [key, { shown }] of this.#known) {
      if (keys.has(key)) continue;
      shown.remove();
      this.#known.delete(key);
    }
    for (const [index, [key, item]] of items.entries()) {
      let child = this.#known.get(key);
      if (child === undefined) this.#known.set(key, (child = this.#make(item)));
      child.update(item);
      const there = this.#parent.children[index];
      if (there !== child.shown) this.#parent.insertBefore(child.shown, there ?? null);
    }
  }
}
