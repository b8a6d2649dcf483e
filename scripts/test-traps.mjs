import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { capture, exitWith, ROOT } from './run.mjs';

const FOLDER = join(ROOT, 'test', 'traps');
const RUNNER = join(FOLDER, 'lib', 'run-trap.mjs');
/** A trap that freezes its process has caught somebody. */
const TIME_LIMIT_MS = 60_000;
const MARKS = { passed: 'ok', caught: 'FAIL', absent: '-' };

const USAGE = `Usage: npm run test:traps -- [NAME...], where NAME is a file of test/traps without .mjs; all without a name.
Ours must pass every trap; what catches the others is told below the table.`;

await exitWith(async () => {
  const known = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.mjs'))
    .map((file) => file.slice(0, -'.mjs'.length))
    .toSorted();
  const names = process.argv.slice(2);
  if (names.some((name) => !known.includes(name))) {
    console.error(USAGE);
    return 2;
  }
  await ensureInstalled(ROOT);
  await ensureBuilt(ROOT);
  await ensureInstalled(join(ROOT, 'bench'));
  let isOursFree = true;
  for (const name of names.length > 0 ? names : known) isOursFree = (await runFile(name)) && isOursFree;
  return isOursFree ? 0 : 1;
});

/** Prints the table of one file. Resolves to whether ours was caught nowhere. */
async function runFile(name) {
  const file = join(FOLDER, `${name}.mjs`);
  const { subjects, traps } = await import(pathToFileURL(file).href);
  const [titles, columns] = [Object.keys(traps), Object.keys(subjects)];
  const titleWidth = Math.max(name.length, ...titles.map((title) => title.length));
  const widths = columns.map((column) => Math.max(4, column.length));
  const notes = [];
  let isOursFree = true;
  const printRow = (first, cells) =>
    console.log([first.padEnd(titleWidth), ...cells.map((cell, i) => cell.padEnd(widths[i]))].join('  '));

  printRow(name, columns);
  for (const title of titles) {
    const cells = [];
    for (const subject of columns) {
      const { outcome, note } = await runTrap(file, title, subject);
      cells.push(MARKS[outcome]);
      if (outcome === 'caught') notes.push(`${subject}: ${title}: ${note}`);
      if (outcome !== 'passed' && subject === 'ours') isOursFree = false;
    }
    printRow(title, cells);
  }
  console.log(`\n${notes.map((note) => `  ${note}\n`).join('')}`);
  return isOursFree;
}

/** In a process of its own: what one leaves behind must not fall upon the next. */
async function runTrap(file, title, subject) {
  const args = ['--expose-gc', RUNNER, file, title, subject];
  const { code, stdout, stderr } = await capture(process.execPath, args, {
    timeout: TIME_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const line = stdout.split('\n').find((text) => text.startsWith('{"outcome"'));
  if (line !== undefined) return JSON.parse(line);
  const reason = stderr.split('\n').find((text) => /Error/.test(text)) ?? `it ended with exit code ${code}`;
  return { outcome: 'caught', note: code > 128 ? 'it did not end' : reason.trim() };
}
