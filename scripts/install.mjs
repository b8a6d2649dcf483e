import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { ALL_TO_STDERR, npmCommand, run } from './run.mjs';

const STAMP = '.installed-lock';

/**
 * Makes node_modules what package-lock.json says; cheap when it is so already. Says nothing on stdout.
 *
 * Resolves to whether an install was needed.
 */
export async function ensureInstalled(root, { npmCi = runNpmCi } = {}) {
  if (isInstalled(root)) return false;
  return withLock('install', root, async () => {
    if (isInstalled(root)) return false;
    await npmCi(root);
    stamp(root);
    return true;
  });
}

/**
 * File times decide nothing here: a fresh clone or an unpacked cache has arbitrary ones. The stamp holds the hash of
 * the lock that was installed. Without a fitting stamp (after `npm install`) npm's own list of what it put there is
 * compared with the lock, package by package.
 */
function isInstalled(root) {
  if (!existsSync(join(root, 'node_modules'))) return false;
  if (read(root, 'node_modules', STAMP) === lockHash(root)) return true;
  if (!isTreeOfLock(root)) return false;
  stamp(root);
  return true;
}

function isTreeOfLock(root) {
  const installed = packagesOf(read(root, 'node_modules', '.package-lock.json'));
  const locked = packagesOf(read(root, 'package-lock.json'));
  if (installed === undefined || locked === undefined) return false;
  const isSame = (path) =>
    installed[path].version === locked[path]?.version &&
    installed[path].integrity === locked[path]?.integrity;
  // Optional packages are left out where they are not for this platform.
  const isThere = (path) => path in installed || locked[path].optional === true;
  return Object.keys(installed).every(isSame) && Object.keys(locked).every(isThere);
}

function packagesOf(lockText) {
  if (lockText === undefined) return undefined;
  const packages = Object.entries(JSON.parse(lockText).packages ?? {});
  return Object.fromEntries(packages.filter(([path]) => path.startsWith('node_modules/')));
}

function stamp(root) {
  writeFileSync(join(root, 'node_modules', STAMP), lockHash(root));
}

function lockHash(root) {
  const lock = read(root, 'package-lock.json');
  if (lock === undefined)
    throw new Error(`${root} has no package-lock.json, so there is nothing to install from`);
  return createHash('sha256').update(lock).digest('hex');
}

function read(...path) {
  try {
    return readFileSync(join(...path), 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function runNpmCi(root) {
  console.error(`installing the packages of ${root}`);
  const [command, ...first] = npmCommand();
  // Without --include=dev, NODE_ENV=production would leave the compiler and the test runner out.
  const args = [...first, 'ci', '--include=dev', '--no-audit', '--no-fund'];
  const code = await run(command, args, { cwd: root, stdio: ALL_TO_STDERR });
  if (code !== 0) {
    throw new Error(`npm ci failed with exit code ${code} in ${root}: what npm says about it is above`);
  }
}
