import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { withLock } from './lock.mjs';
import { capture } from './run.mjs';

/**
 * A Prometheus that takes OTLP, which that of distributions is often too old for. Built with Go from its module, once, into
 * the user's cache folder. Without the discovery of clouds, which is most of it, and without pages.
 */
const VERSION = 'v0.316.0';

/** Where it is, or will be once it is built. */
export function prometheus3Path() {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(
    cache,
    'gary-zero-performance',
    `prometheus-${VERSION}-${process.platform}-${process.arch}`,
    'prometheus',
  );
}

/** Builds it unless it is there. Resolves to its path. */
export async function ensurePrometheus3() {
  const path = prometheus3Path();
  if (existsSync(path)) return path;
  return withLock('prometheus3', path, async () => {
    if (!existsSync(path)) await build(path);
    return path;
  });
}

async function build(path) {
  console.error(`building Prometheus ${VERSION} with Go: minutes, once`);
  const folder = await mkdtemp(join(tmpdir(), 'performance-prometheus-'));
  try {
    const module = `github.com/prometheus/prometheus/cmd/prometheus@${VERSION}`;
    const { code, stdout, stderr } = await capture(
      'go',
      ['install', '-tags', 'remove_all_sd,netgo', module],
      {
        env: { ...process.env, GOBIN: folder },
      },
    );
    if (code !== 0)
      throw new Error(`go install ${module} failed with exit code ${code}:\n${stdout}${stderr}`);
    await mkdir(dirname(path), { recursive: true });
    await rename(join(folder, 'prometheus'), path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
