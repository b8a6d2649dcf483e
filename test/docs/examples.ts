import { expect } from 'chai';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installPacked, root, run, type Consumer } from '../e2e/packed.js';

export interface Block {
  readonly language: string;
  readonly code: string;
  readonly line: number;
}

export function blocksOf(markdown: string): Block[] {
  const fences = markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms);
  return [...fences].map(({ 1: language = '', 2: code = '', index }) => ({
    language,
    code,
    line: markdown.slice(0, index).split('\n').length,
  }));
}

/** What a line such as `console.log(x); // 1` promises to print, in order; a note after a colon is left out. */
function promisedOutput(code: string): string[] {
  return [...code.matchAll(/console\.log\(.*\);? +\/\/ ([^:\n]+)(?::.*)?$/gm)].map((match) =>
    match[1]!.trim(),
  );
}

const STRICT = {
  target: 'es2022',
  lib: ['es2023', 'esnext.disposable', 'esnext.decorators'],
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  types: ['node'],
  outDir: 'out',
  rootDir: '.',
};

/** A consumer of the packed package whose programs are ES modules. */
export async function installForExamples(): Promise<Consumer> {
  const consumer = await installPacked();
  await writeFile(join(consumer.folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  return consumer;
}

interface TryOptions {
  /** Where they are tried. Default: named for the page. */
  readonly folder?: string;
  readonly isTried?: (code: string, page: string) => boolean;
  readonly change?: (code: string) => string;
}

/** Compiles the examples of a page together and runs them one by one. */
export async function tryExamples(
  consumer: Consumer,
  page: string,
  { folder = page, isTried = () => true, change = (code) => code }: TryOptions = {},
): Promise<void> {
  const blocks = blocksOf(await readFile(join(root, page), 'utf8')).filter(
    ({ language, code }) => language === 'ts' && isTried(code, page),
  );
  if (blocks.length === 0) return;
  const cwd = join(consumer.folder, folder.replaceAll(/\W/g, '-'));
  await mkdir(cwd);
  for (const { code, line } of blocks) await writeFile(join(cwd, `line-${line}.ts`), change(code));
  await writeFile(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions: STRICT, include: ['*.ts'] }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '-p', '.'], { cwd }).catch((error: { stdout?: string }) => {
    throw new Error(`${page} does not compile (files are named by line):\n${error.stdout}`);
  });
  for (const { code, line } of blocks) {
    const { stdout, stderr } = await run(process.execPath, [`out/line-${line}.js`], { cwd });
    const printed = stdout.trim().split('\n');
    for (const promised of promisedOutput(code))
      expect(printed, `${page} line ${line}: ${stderr}`).to.include(promised);
    expect(stderr, `${page} line ${line}`).to.equal('');
  }
}
