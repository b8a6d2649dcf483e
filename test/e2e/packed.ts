import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

export const run = promisify(execFile);
export const root = resolve(import.meta.dirname, '../..');

/** A folder outside the repository in which the packed package is installed, with the dependencies of the repository. */
export interface Consumer {
  readonly folder: string;
  /** The tarball as `npm publish` would send it. */
  readonly tarball: string;
  remove(): Promise<void>;
}

export async function installPacked(): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), 'perf-consumer-'));
  // What is tested is built already; building again here would race with tests that run it.
  const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
  await run('npm', args, { cwd: root });
  const name = (await readdir(folder)).find((file) => file.endsWith('.tgz'));
  const tarball = join(folder, name!);
  const target = join(folder, 'node_modules/@gary-zero/performance');
  await mkdir(target, { recursive: true });
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', target]);
  for (const dependency of await readdir(join(root, 'node_modules'))) {
    if (dependency.startsWith('.')) continue;
    await symlink(join(root, 'node_modules', dependency), join(folder, 'node_modules', dependency));
  }
  return { folder, tarball, remove: () => rm(folder, { recursive: true, force: true }) };
}

export async function copyInto(consumer: Consumer, from: string, to: string): Promise<void> {
  await cp(join(root, 'test/consumers', from), join(consumer.folder, to), { recursive: true });
}
