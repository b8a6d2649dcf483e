import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

/** Folders whose pages are not ours, or not checked in. */
const LEFT_OUT = new Set(['node_modules', '.git', '.cache', 'dist', 'dist.next', 'dist.last', 'api']);

/** The pages below a folder, by their paths from it. */
export function findPages(root, folder = root) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return LEFT_OUT.has(entry.name) ? [] : findPages(root, path);
    return entry.name.endsWith('.md') ? [relative(root, path)] : [];
  });
}

/** One sentence for each link that leads nowhere: no such file, or no such heading in it. */
export function brokenLinks(root, pages = findPages(root)) {
  const anchors = new Map();
  const anchorsOf = (page) => {
    if (!anchors.has(page)) anchors.set(page, headingAnchors(readFileSync(join(root, page), 'utf8')));
    return anchors.get(page);
  };
  return pages.flatMap((page) =>
    localLinks(root, page).flatMap(({ link, target, anchor }) => {
      if (!existsSync(join(root, target))) return [`${page}: ${link}: there is no ${target}`];
      if (anchor === undefined || !target.endsWith('.md')) return [];
      return anchorsOf(target).has(anchor) ? [] : [`${page}: ${link}: ${target} has no heading for it`];
    }),
  );
}

/** Pages of a folder that no chain of links from `start` leads to. */
export function unreachablePages(root, start, folder) {
  const reached = new Set([start]);
  for (const page of reached) {
    for (const { target } of localLinks(root, page))
      if (target.endsWith('.md') && existsSync(join(root, target))) reached.add(target);
  }
  return findPages(root, join(root, folder)).filter((page) => !reached.has(page));
}

/** Links of a page to files here, with their targets from the root. */
function localLinks(root, page) {
  const text = withoutCode(readFileSync(join(root, page), 'utf8'));
  const links = [
    ...text.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g),
    ...text.matchAll(/(?:src|href)="([^"]+)"/g),
  ];
  return links
    .map((match) => match[1])
    .filter((link) => !/^[a-z]+:/i.test(link))
    .map((link) => {
      const [path, anchor] = decodeURI(link).split('#');
      const target = path === '' ? page : normalize(join(dirname(page), path));
      const isFolder = existsSync(join(root, target)) && statSync(join(root, target)).isDirectory();
      const index = join(target, 'README.md');
      return { link, anchor, target: isFolder && existsSync(join(root, index)) ? index : target };
    });
}

function withoutCode(markdown) {
  return markdown.replaceAll(/^(```+)[^]*?^\1/gm, '').replaceAll(/`[^`\n]*`/g, '');
}

/** The anchors GitHub gives to headings. */
export function headingAnchors(markdown) {
  const anchors = new Set();
  for (const [, heading] of markdown.replaceAll(/^(```+)[^]*?^\1/gm, '').matchAll(/^#{1,6} +(.+)$/gm)) {
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').trim();
    const anchor = text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
      .replaceAll(' ', '-');
    for (let count = 0; ; count++) {
      const numbered = count === 0 ? anchor : `${anchor}-${count}`;
      if (anchors.has(numbered)) continue;
      anchors.add(numbered);
      break;
    }
  }
  return anchors;
}
