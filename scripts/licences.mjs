import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitWith, isMain, ROOT } from './run.mjs';

/**
 * Under what licences the packages are that come with this one, written to docs/licences.md. From the lock file: the
 * versions that are tested.
 */

/** Whoever uses the package need not ask a lawyer for any of these. */
const ALLOWED = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

export const LICENCES_PATH = join(ROOT, 'docs', 'licences.md');

/** @throws {Error} naming every package whose licence is not on the list. */
export function licencesText(lock) {
  const packages = installedPackages(lock);
  const refused = packages.filter(({ licence }) => !ALLOWED.includes(licence));
  if (refused.length > 0) {
    const named = refused.map(({ name, version, licence }) => `${name} ${version} (${licence})`).join(', ');
    throw new Error(`not under an allowed licence (${ALLOWED.join(', ')}): ${named}`);
  }
  const rows = packages.map(({ name, version, licence }) => [name, version, licence]);
  const head = ['package', 'version', 'licence'];
  const widths = head.map((title, column) => Math.max(...[head, ...rows].map((row) => row[column].length)));
  const line = (row) => `| ${row.map((text, column) => text.padEnd(widths[column])).join(' | ')} |`;
  return [
    '# Licences',
    '',
    'This package is under the MIT licence ([LICENSE](../LICENSE)). With it come the packages below, and those that they need.',
    'Optional peers, which you install yourself, are not listed. `npm run licences` writes this page.',
    '',
    line(head),
    line(widths.map((width) => '-'.repeat(width))),
    ...rows.map(line),
    '',
  ].join('\n');
}

/** What an install without development packages brings, each version once. */
function installedPackages({ packages }) {
  const found = new Map();
  for (const [path, { version, license = 'none', dev, devOptional }] of Object.entries(packages)) {
    if (path === '' || dev === true || devOptional === true) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    found.set(`${name} ${version}`, { name, version, licence: license });
  }
  return [...found.values()].toSorted((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

function compare(a, b) {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

if (isMain(import.meta.url)) {
  // Not awaited: tests load this file by `require`.
  void exitWith(async () => {
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
    writeFileSync(LICENCES_PATH, licencesText(lock));
    return 0;
  });
}
