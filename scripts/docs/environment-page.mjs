import { replaceMarked } from './marked.mjs';
import { table } from './table.mjs';

/** docs/environment.md with the table of the variables that are read. `tables` hold them by setting. */
export function environmentPage(page, tables) {
  const rows = tables
    .flatMap((variables) => Object.values(variables))
    .map(({ name, otherwise, description, expected }) => [
      [name, otherwise]
        .filter((variable) => variable !== undefined)
        .map((variable) => `\`${variable}\``)
        .join(', '),
      description,
      expected,
    ]);
  return replaceMarked(page, 'environment', table(['variable', 'sets', 'must be'], rows));
}
