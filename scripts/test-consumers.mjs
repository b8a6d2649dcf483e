import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { capture, exitWith, npmCommand, ROOT } from './run.mjs';

/**
 * Programs of users, one a folder of test/consumers: each gets the package as it would be published, its own
 * dependencies, and answers to its own `npm test`, with every TypeScript that its package.json names.
 *
 *     npm run test:consumers [-- NAME...]
 */
const FOLDER = join(ROOT, 'test', 'consumers');

/** As many as there are cores on the smallest machine of CI. */
const AT_A_TIME = 2;

await exitWith(async () => {
  const names = process.argv.slice(2);
  const all = consumers();
  const unknown = names.find((name) => !all.some((one) => one.name === name));
  if (unknown !== undefined)
    throw new Error(`there is no consumer "${unknown}", but ${all.map(({ name }) => name).join(', ')}`);
  const wanted = all.filter(({ name }) => names.length === 0 || names.includes(name));
  await ensureInstalled(ROOT);
  await ensureBuilt(ROOT);
  const folder = mkdtempSync(join(tmpdir(), 'performance-consumers-'));
  try {
    const tarball = await pack(folder);
    const rows = await eachOf(wanted, (consumer) => tryConsumer(consumer, tarball, folder));
    const tries = rows.flat();
    for (const { name, typescript, problem } of tries)
      if (problem !== undefined) console.log(`\n${name} ${typescript}:\n${problem.trim()}`);
    console.log(`\n${table(tries)}`);
    return tries.every(({ problem }) => problem === undefined) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Folders without a package.json are parts of others. */
function consumers() {
  return readdirSync(FOLDER)
    .filter((name) => existsSync(join(FOLDER, name, 'package.json')))
    .map((name) => {
      const { consumer = {} } = JSON.parse(readFileSync(join(FOLDER, name, 'package.json'), 'utf8'));
      return { name, typescript: consumer.typescript ?? [], parts: consumer.with ?? [] };
    });
}

/** As `npm publish` would send it; it is built already. */
async function pack(folder) {
  const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
  await npm(ROOT, args);
  return join(
    folder,
    readdirSync(folder).find((file) => file.endsWith('.tgz')),
  );
}

async function tryConsumer({ name, typescript, parts }, tarball, folder) {
  const cwd = join(folder, name);
  for (const part of [name, ...parts]) cpSync(join(FOLDER, part), cwd, { recursive: true });
  const rows = [];
  for (const version of typescript.length === 0 ? [undefined] : typescript) {
    const added = version === undefined ? [tarball] : [tarball, `typescript@${version}`];
    const started = performance.now();
    const problem = await tryOnce(cwd, added).catch((error) => error.message);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    rows.push({ name, typescript: version ?? '-', problem, seconds });
    console.log(`${name} ${version ?? ''} ${problem === undefined ? 'passed' : 'FAILED'} after ${seconds} s`);
  }
  return rows;
}

/** Resolves to what went wrong, if anything did. */
async function tryOnce(cwd, added) {
  rmSync(join(cwd, 'out'), { recursive: true, force: true });
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  await npm(cwd, ['install', '--no-save', '--no-package-lock', ...quiet, ...added]);
  const { code, stdout, stderr } = await runNpm(cwd, ['run', '--silent', 'test']);
  const isDone = code === 0 && stdout.trimEnd().endsWith('ok');
  return isDone ? undefined : `exit code ${code}\n${stdout}${stderr}`;
}

async function npm(cwd, args) {
  const { code, stdout, stderr } = await runNpm(cwd, args);
  if (code !== 0) throw new Error(`npm ${args.join(' ')} failed with exit code ${code}:\n${stdout}${stderr}`);
}

function runNpm(cwd, args) {
  const [command, ...first] = npmCommand();
  return capture(command, [...first, ...args], { cwd });
}

/** What `attempt` resolves to for each item, so many at the same time. */
async function eachOf(items, attempt) {
  const results = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await attempt(item);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return results;
}

function table(tries) {
  const cells = [
    ['consumer', 'typescript', 'result', 'seconds'],
    ...tries.map(({ name, typescript, problem, seconds }) => [
      name,
      typescript,
      problem === undefined ? 'passed' : 'FAILED',
      seconds,
    ]),
  ];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const line = (row) => row.map((cell, column) => cell.padEnd(widths[column])).join('  ');
  return cells.map((row) => line(row).trimEnd()).join('\n');
}
