import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { capture, ROOT } from './run.mjs';

/**
 * The collector of collector-config/builder.yaml. It is built into the user's cache folder and kept there for all clones:
 * a build takes minutes, and the binary depends on nothing but that file and the machine.
 */

const MANIFEST = join(ROOT, 'collector-config', 'builder.yaml');
const NAME = process.platform === 'win32' ? 'otelcol.exe' : 'otelcol';

/** Where the collector is, or will be once it is built. */
export function collectorPath() {
  const key = createHash('sha256')
    .update(`${process.platform} ${process.arch}\n`)
    .update(readFileSync(MANIFEST))
    .digest('hex')
    .slice(0, 16);
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'gary-zero-performance', `otelcol-${key}`, NAME);
}

/** Builds the collector unless it is there. Resolves to its path. */
export async function ensureCollector() {
  const path = collectorPath();
  if (existsSync(path)) return path;
  return withLock('collector', path, async () => {
    if (!existsSync(path)) await build(path);
    return path;
  });
}

async function build(path) {
  const text = readFileSync(MANIFEST, 'utf8');
  const version = /^\s+version: (\S+)$/m.exec(text)[1];
  console.error(`building the collector ${version} with Go: minutes, once`);
  const folder = await mkdtemp(join(tmpdir(), 'performance-otelcol-'));
  try {
    await go(['install', `go.opentelemetry.io/collector/cmd/builder@v${version}`], { GOBIN: folder });
    const output = join(folder, 'out');
    const manifest = join(folder, 'builder.yaml');
    await writeFile(manifest, text.replace(/^dist:$/m, `dist:\n  output_path: ${output}`));
    await must(join(folder, 'builder'), ['--config', manifest]);
    await mkdir(join(path, '..'), { recursive: true });
    // In place at once: whoever looks meanwhile finds all of it or nothing.
    const aside = `${path}.${process.pid}`;
    await copyFile(join(output, NAME), aside);
    await rename(aside, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function go(args, env) {
  try {
    await must('go', args, env);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    throw new Error('Go 1.26 or newer is needed to build the collector, and go is not on PATH', {
      cause: error,
    });
  }
}

async function must(command, args, env = {}) {
  const { code, stdout, stderr } = await capture(command, args, { env: { ...process.env, ...env } });
  if (code !== 0)
    throw new Error(`${command} ${args.join(' ')} failed with exit code ${code}:\n${stdout}${stderr}`);
}
