import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { exitWith, ROOT, run } from './run.mjs';
import { findServers, howToGet } from './servers.mjs';

await exitWith(async () => {
  await ensureInstalled(ROOT);
  await ensureBuilt(ROOT);
  const servers = await findServers();
  if (process.env.CI === 'true' && servers.missing.length > 0) {
    for (const server of servers.missing) console.error(`CI must run every test, but ${howToGet(server)}`);
    return 1;
  }
  const folder = mkdtempSync(join(tmpdir(), 'performance-test-'));
  try {
    return await test(process.argv.slice(2), servers.found, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

async function test(given, servers, folder) {
  const countsFile = join(folder, 'counts.json');
  const skipsFile = join(folder, 'skips.jsonl');
  const env = {
    ...process.env,
    PERF_TEST_SERVERS: servers.join(','),
    PERF_TEST_COUNTS: countsFile,
    PERF_TEST_SKIPS: skipsFile,
  };
  const mocha = join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const code = await run(process.execPath, [mocha, ...mochaArgs(given, folder)], { cwd: ROOT, env });
  const counts = existsSync(countsFile) ? JSON.parse(readFileSync(countsFile, 'utf8')) : undefined;
  if (counts === undefined && code !== 0 && !namesReporter(given)) {
    console.log(`skipped: every test: mocha ended early, with exit code ${code}`);
  } else {
    report(counts, readSkips(skipsFile));
  }
  return code;
}

function readSkips(file) {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

function mochaArgs(given, folder) {
  const args = [...given];
  if (!namesReporter(given)) args.unshift('--reporter', join(ROOT, 'scripts', 'mocha-reporter.mjs'));
  if (process.env.CI === 'true') args.unshift('--forbid-only');
  // Mocha adds the files it is given to those of its configuration; who names a file wants that one only.
  if (given.some(isTestPath)) args.unshift('--config', configWithoutFiles(folder));
  return args;
}

/** Another reporter than ours leaves no counts. */
function namesReporter(given) {
  return given.some((arg) => /^(-R|--reporter)(=|$)/.test(arg));
}

function isTestPath(arg) {
  return !arg.startsWith('-') && (existsSync(join(ROOT, arg)) || arg.includes('*'));
}

function configWithoutFiles(folder) {
  const { spec: _, ...config } = JSON.parse(readFileSync(join(ROOT, '.mocharc.json'), 'utf8'));
  const path = join(folder, 'mocharc.json');
  writeFileSync(path, JSON.stringify(config));
  return path;
}

/** The closing lines, which people and machines read: the counts, then every suite that was skipped and why. */
function report(counts, skips) {
  if (counts !== undefined) {
    const { passed, failed, skipped } = counts;
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
    if (process.env.PERF_TEST_SUMMARY) {
      writeFileSync(process.env.PERF_TEST_SUMMARY, JSON.stringify({ passed, failed, skipped }));
    }
  }
  const explained = skips.map(({ suite, why }) => `skipped: ${suite}: ${why}`);
  const unexplained = (counts?.skippedTests ?? [])
    .filter((title) => !skips.some(({ suite }) => title.startsWith(suite)))
    .map((title) => `skipped: ${title}: the test says no reason`);
  const lines = [...new Set([...explained, ...unexplained])];
  console.log(lines.length === 0 ? 'skipped: nothing' : lines.join('\n'));
}
