import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { KeptFiles } from '../../src/resources/kept-files.js';

/** A folder with files as the kernel has them, for sensors that are told to take it for `/`. */
export interface KernelFiles {
  readonly root: string;
  readonly files: KeptFiles;
  /** Into the same file, as a new value of the kernel appears. */
  write(path: string, text: string): void;
  delete(path: string): void;
  /** Ends the reading and removes everything. */
  remove(): void;
}

export function kernelFiles(texts: Readonly<Record<string, string>>): KernelFiles {
  const root = mkdtempSync(join(tmpdir(), 'kernel-files-'));
  const files = new KeptFiles(root);
  const made: KernelFiles = {
    root,
    files,
    write(path, text) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    },
    delete: (path) => rmSync(join(root, path), { recursive: true }),
    remove() {
      files.close();
      rmSync(root, { recursive: true });
    },
  };
  for (const [path, text] of Object.entries(texts)) made.write(path, text);
  return made;
}
