import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { withLock } from './lock.mjs';
import { ALL_TO_STDERR, exitWith, isMain, ROOT, run } from './run.mjs';

const STAMP = '.built';

/** Builds dist unless it already comes from these very sources. Resolves to whether a build was needed. */
export async function ensureBuilt(root) {
  if (isBuilt(root)) return false;
  return withLock('build', root, async () => {
    if (isBuilt(root)) return false;
    await build(root);
    return true;
  });
}

function isBuilt(root) {
  const path = join(root, 'dist', STAMP);
  return existsSync(path) && readFileSync(path, 'utf8') === sourceHash(root);
}

/**
 * Compiles beside dist and swaps at the end: whoever runs from dist meanwhile never finds half of it, files of
 * removed sources do not stay, and a failed build leaves the last good one.
 */
async function build(root) {
  const next = join(root, 'dist.next');
  const last = join(root, 'dist.last');
  const hash = sourceHash(root);
  await rm(next, { recursive: true, force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', 'tsconfig.json', '--outDir', 'dist.next'];
  const code = await run(process.execPath, args, { cwd: root, stdio: ALL_TO_STDERR });
  if (code !== 0) {
    await rm(next, { recursive: true, force: true });
    throw new Error(`the build failed: tsc ended with exit code ${code}, dist is as it was before`);
  }
  await writeFile(join(next, STAMP), hash);
  await rm(last, { recursive: true, force: true });
  if (existsSync(join(root, 'dist'))) await rename(join(root, 'dist'), last);
  await rename(next, join(root, 'dist'));
  await rm(last, { recursive: true, force: true });
}

function sourceHash(root) {
  const hash = createHash('sha256');
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const others = ['tsconfig.json', 'package.json', 'package-lock.json'].map((name) => join(root, name));
  for (const path of [...sources.toSorted(), ...others]) {
    hash
      .update(`${path.slice(root.length)}\0`)
      .update(readFileSync(path))
      .update('\0');
  }
  return hash.digest('hex');
}

if (isMain(import.meta.url)) {
  await exitWith(async () => {
    await ensureInstalled(ROOT);
    await withLock('build', ROOT, () => build(ROOT));
    return 0;
  });
}
