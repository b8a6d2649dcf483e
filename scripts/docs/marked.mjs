/**
 * Replaces what stands between `<!-- NAME: ... -->` and `<!-- end of NAME -->`.
 *
 * @throws {Error} when the page has no such place.
 */
export function replaceMarked(page, name, text) {
  const found = placeOf(page, name);
  return `${page.slice(0, found.start)}\n\n${text}\n\n${page.slice(found.end)}`;
}

/** What stands there. @throws {Error} */
export function readMarked(page, name) {
  const { start, end } = placeOf(page, name);
  return page.slice(start, end).trim();
}

function placeOf(page, name) {
  const opening = new RegExp(`<!-- ${name}: [^]*?-->`).exec(page);
  const start = opening === null ? -1 : opening.index + opening[0].length;
  const end = page.indexOf(`<!-- end of ${name} -->`, start);
  if (start === -1 || end === -1)
    throw new Error(`a page has no place between <!-- ${name}: ... --> and <!-- end of ${name} -->`);
  return { start, end };
}
