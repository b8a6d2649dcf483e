import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { collectorPath } from './collector.mjs';
import { capture } from './run.mjs';

/** The programs that end-to-end tests start, and the Debian package each is in, if it is in one. */
const PACKAGE_OF = {
  'redis-server': 'redis-server',
  prometheus: 'prometheus',
  promtool: 'prometheus',
  chromium: 'chromium',
  otelcol: undefined,
};

/**
 * The servers for end-to-end tests, as lists of names: `found` on PATH and `missing`. In a Debian container, where
 * we are root, the missing ones are installed first.
 */
export async function findServers() {
  const inPackages = missing().filter((name) => PACKAGE_OF[name] !== undefined);
  if (inPackages.length > 0 && canInstall()) await install(inPackages);
  return { found: Object.keys(PACKAGE_OF).filter(isThere), missing: missing() };
}

/** What to tell somebody who lacks a server. */
export function howToGet(server) {
  if (server === 'otelcol') return 'the collector is not built (npm run collector does, with Go 1.26)';
  return `${server} is not on PATH (install it, e.g. apt-get install ${PACKAGE_OF[server]})`;
}

function missing() {
  return Object.keys(PACKAGE_OF).filter((name) => !isThere(name));
}

function canInstall() {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && isOnPath('apt-get');
}

async function install(names) {
  const packages = [...new Set(names.map((name) => PACKAGE_OF[name]))];
  console.error(`installing ${packages.join(' and ')} with apt-get`);
  // Another apt may be at work, and a machine without a network must not wait for minutes.
  const patience = [
    '-o',
    'DPkg::Lock::Timeout=120',
    '-o',
    'Acquire::Retries=1',
    '-o',
    'Acquire::http::Timeout=20',
  ];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    const { code, stdout, stderr } = await capture('apt-get', [...patience, ...args], { env });
    if (code !== 0)
      console.error(`apt-get ${args.join(' ')} failed with exit code ${code}:\n${stdout}${stderr}`);
  }
}

/** Whether tests can start it. */
export function isThere(name) {
  return name === 'otelcol' ? isExecutable(collectorPath()) : isOnPath(name);
}

export function isOnPath(name) {
  return pathOf(name) !== undefined;
}

/** Where the program is, if it is on PATH. */
export function pathOf(name) {
  const paths = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name));
  return paths.find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
