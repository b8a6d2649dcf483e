import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureInstalled } from './install.mjs';
import { withLock } from './lock.mjs';
import { ALL_TO_STDERR, capture, exitWith, npmCommand, ROOT, run } from './run.mjs';

/**
 * The two lines of OpenTelemetry we support, each on the oldest Node that matters for it. Line 2 is what the lock
 * file holds and runs in place; for line 3 the packages below replace the lock's in a copy.
 *
 *     npm run test:lines [-- [--line 2|3] [--node MAJOR] TEST...]
 */
const LINES = [
  { line: '2', node: 20, replace: [] },
  {
    line: '3',
    node: 24,
    replace: [
      '@opentelemetry/api@^1.10.0',
      '@opentelemetry/sdk-metrics@^3.1.1',
      '@opentelemetry/sdk-logs@^3.1.1',
      '@opentelemetry/resources@^3.1.1',
      '@opentelemetry/exporter-prometheus@^0.301.0',
      '@opentelemetry/exporter-metrics-otlp-proto@^0.301.0',
      '@opentelemetry/exporter-metrics-otlp-http@^0.301.0',
      '@opentelemetry/exporter-metrics-otlp-grpc@^0.301.0',
      '@opentelemetry/instrumentation-http@^0.301.0',
      '@nestjs/common@^12.5.1',
      '@nestjs/core@^12.5.1',
      '@nestjs/platform-express@^12.5.1',
      '@nestjs/platform-fastify@^12.5.0',
    ],
  },
];

const OLDEST_NODE = 20;

/** What decides a line, and is shown for it. */
const SHOWN_PACKAGES = ['api', 'sdk-metrics', 'exporter-prometheus'];

const CACHE = join(tmpdir(), `gary-zero-performance-lines-${hashOf(ROOT)}`);

await exitWith(async () => {
  const { lines, major, tests } = wantedRun();
  await ensureInstalled(ROOT);
  mkdirSync(CACHE, { recursive: true });
  const rows = await withLock('test:lines', ROOT, async () => {
    const done = [];
    for (const line of lines) {
      done.push(await runLine({ ...line, node: major ?? line.node }, tests));
    }
    return done;
  });
  console.log(`\n${table(rows)}`);
  for (const { line, problem } of rows) if (problem !== undefined) console.log(`line ${line}: ${problem}`);
  return rows.every(({ problem }) => problem === undefined) ? 0 : 1;
});

/**
 * The lines that `--line` names, which may come several times, or both; on the Node whose major `--node` names, or each on
 * its own. Anything else names tests, as in `npm test`.
 */
function wantedRun() {
  const options = { line: { type: 'string', multiple: true, default: [] }, node: { type: 'string' } };
  const { values, positionals: tests } = parseArgs({ options, allowPositionals: true });
  const unknown = values.line.find((name) => !LINES.some(({ line }) => line === name));
  if (unknown !== undefined) throw new Error(`--line must be 2 or 3, got "${unknown}"`);
  const major = values.node === undefined ? undefined : Number(values.node);
  if (major !== undefined && !(Number.isInteger(major) && major >= OLDEST_NODE))
    throw new Error(`--node must be a major version from ${OLDEST_NODE} on, got "${values.node}"`);
  const lines = LINES.filter(({ line }) => values.line.length === 0 || values.line.includes(line));
  return { lines, major, tests };
}

async function runLine(wanted, tests) {
  const row = { line: wanted.line };
  try {
    const node = await findNode(wanted.node);
    const folder = wanted.replace.length === 0 ? ROOT : await prepareCopy(wanted, node);
    Object.assign(row, await installedVersions(node, folder));
    checkVersions(wanted, row);
    console.log(`\nline ${wanted.line}: Node ${row.node}, OpenTelemetry SDK ${row['sdk-metrics']}`);
    Object.assign(row, await runSuite({ line: wanted.line, node, folder, tests }));
  } catch (error) {
    row.problem = error.message;
  }
  return row;
}

/** The path of a Node of that major: the running one, or one from its npm package. */
async function findNode(major) {
  if (Number(process.versions.node.split('.')[0]) === major) return process.execPath;
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    const here = `${process.platform} ${process.arch}`;
    throw new Error(
      `not run: Node ${major} can be fetched for linux x64 and arm64 only, and this is ${here} with Node ` +
        `${process.versions.node}. Run this command once under Node ${major} instead`,
    );
  }
  const name = `node-linux-${process.arch}`;
  const folder = join(CACHE, `node-${major}`);
  const node = join(folder, 'node_modules', name, 'bin', 'node');
  if (await isNodeOf(node, major)) return node;
  console.error(`installing Node ${major}`);
  mkdirSync(folder, { recursive: true });
  await npm(process.execPath, folder, [
    'install',
    '--no-save',
    '--no-package-lock',
    '--prefix',
    folder,
    `${name}@${major}`,
  ]);
  if (await isNodeOf(node, major)) return node;
  throw new Error(`not run: the Node ${major} of package ${name} does not start on this machine`);
}

async function isNodeOf(node, major) {
  if (!existsSync(node)) return false;
  const { code, stdout } = await capture(node, ['--version']).catch(() => ({ code: 1, stdout: '' }));
  return code === 0 && stdout.startsWith(`v${major}.`);
}

/** A copy of the repository with the line's packages, in which a former install stays while it is still right. */
async function prepareCopy({ line, node: major, replace }, node) {
  const folder = join(CACHE, `line-${line}-node-${major}`);
  await copyRepository(folder);
  const key = hashOf(readFileSync(join(folder, 'package-lock.json')), replace.join(), node);
  const stamp = join(folder, 'node_modules', '.installed-line');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === key) return folder;
  console.error(`installing the packages of line ${line}`);
  rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
  await ensureInstalled(folder, { npmCi: () => npm(node, folder, ['ci', '--include=dev']) });
  await npm(node, folder, ['install', '--no-save', '--no-package-lock', ...replace]);
  writeFileSync(stamp, key);
  return folder;
}

async function copyRepository(folder) {
  const { code, stdout, stderr } = await capture('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: ROOT,
  });
  if (code !== 0) throw new Error(`not run: git cannot list the files to copy: ${stderr.trim()}`);
  const files = new Set(stdout.split('\0').filter((file) => file !== '' && existsSync(join(ROOT, file))));
  for (const file of filesIn(folder)) if (!files.has(file)) rmSync(join(folder, file));
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file), { verbatimSymlinks: true, preserveTimestamps: true });
  }
}

/** The copied files of an earlier run, by their paths inside `folder`; what npm and the build made is left alone. */
function filesIn(folder, under = '') {
  if (!existsSync(folder)) return [];
  return readdirSync(join(folder, under), { withFileTypes: true }).flatMap((entry) => {
    const path = join(under, entry.name);
    if (['node_modules', 'dist', '.cache'].includes(entry.name)) return [];
    return entry.isDirectory() ? filesIn(folder, path) : [path];
  });
}

async function npm(node, cwd, args) {
  const [command, ...first] = npmCommand(node);
  const quiet = ['--no-audit', '--no-fund'];
  const code = await run(command, [...first, ...args, ...quiet], {
    cwd,
    env: envFor(node),
    stdio: ALL_TO_STDERR,
  });
  if (code !== 0)
    throw new Error(`npm ${args[0]} failed with exit code ${code}: what npm says about it is above`);
}

/** Every child process of the line, however it finds Node, gets this one. */
function envFor(node) {
  const PATH = `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`;
  return { ...process.env, PATH, NODE: node, npm_node_execpath: node };
}

async function installedVersions(node, folder) {
  const versions = { node: (await capture(node, ['--version'])).stdout.trim().slice(1) };
  for (const name of SHOWN_PACKAGES) {
    const path = join(folder, 'node_modules', '@opentelemetry', name, 'package.json');
    versions[name] = JSON.parse(readFileSync(path, 'utf8')).version;
  }
  return versions;
}

/** A table that claims a line which was not the one that ran would be worse than none. */
function checkVersions({ line, node }, row) {
  const expected = { node: `${node}.`, 'sdk-metrics': `${line}.`, 'exporter-prometheus': `0.${line}` };
  for (const [name, start] of Object.entries(expected)) {
    if (!row[name].startsWith(start)) throw new Error(`not run: ${name} is ${row[name]}, expected ${start}*`);
  }
}

async function runSuite({ line, node, folder, tests }) {
  const summary = join(CACHE, `summary-${line}.json`);
  rmSync(summary, { force: true });
  const env = { ...envFor(node), PERF_TEST_LINE: line, PERF_TEST_SUMMARY: summary };
  const script = join(folder, 'scripts', 'test.mjs');
  const code = await run(node, [script, ...tests], { cwd: folder, env });
  const counts = existsSync(summary) ? JSON.parse(readFileSync(summary, 'utf8')) : {};
  return code === 0 ? counts : { ...counts, problem: `the tests failed with exit code ${code}` };
}

function table(rows) {
  const columns = ['line', 'node', ...SHOWN_PACKAGES, 'passed', 'failed', 'skipped'];
  const cells = [columns, ...rows.map((row) => columns.map((column) => String(row[column] ?? '-')))];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index].length)));
  return cells
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function hashOf(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 16);
}
