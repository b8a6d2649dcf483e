import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { withLock } from './lock.mjs';
import { capture } from './run.mjs';

/** Where programs that were built for tests are kept, for all clones of a user. */
export function builtPath(...parts) {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'gary-zero-performance', ...parts);
}

/** Builds a program unless it is there. `build` gets a folder of its own and resolves to the program. Resolves to `path`. */
export async function builtOnce(purpose, path, build) {
  if (existsSync(path)) return path;
  return withLock(purpose, path, async () => {
    if (existsSync(path)) return path;
    const folder = await mkdtemp(join(tmpdir(), `performance-${purpose}-`));
    try {
      const program = await build(folder);
      await mkdir(dirname(path), { recursive: true });
      // The folders may be on two disks, and whoever looks meanwhile finds all of it or nothing.
      const aside = `${path}.${process.pid}`;
      await copyFile(program, aside);
      await rename(aside, path);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return path;
  });
}

/** Runs a program of a build to its end. */
export async function must(command, args, env = {}) {
  const ended = await capture(command, args, { env: { ...process.env, ...env } }).catch((cause) => {
    if (cause.code !== 'ENOENT') throw cause;
    throw new Error(`${command} is needed for the build (Go 1.26 or newer) and is not on PATH`, { cause });
  });
  const { code, stdout, stderr } = ended;
  if (code !== 0)
    throw new Error(`${command} ${args.join(' ')} failed with exit code ${code}:\n${stdout}${stderr}`);
}
