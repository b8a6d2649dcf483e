import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled } from '../install.mjs';
import { capture } from '../run.mjs';

/** What TypeDoc says about a member, such as a method whose name says all. Exports need a docstring. */
const ABOUT_MEMBER =
  /(?:index|testing|integrations\/\w+)\.\w+\.\S+ \((?:CallSignature|ConstructorSignature)\)/;

/**
 * Writes docs/api/performance of the docstrings. TypeDoc has a TypeScript of its own in tools/docs, as TypeScript 7 has no
 * API. Resolves to its warnings: an export without a docstring, a link in one that leads nowhere.
 */
export async function writeReference(root) {
  const folder = join(root, 'tools', 'docs');
  await ensureInstalled(folder);
  rmSync(join(root, 'docs', 'api'), { recursive: true, force: true });
  const typedoc = join(folder, 'node_modules', 'typedoc', 'bin', 'typedoc');
  const { code, stdout, stderr } = await capture(process.execPath, [typedoc, '--options', 'typedoc.json'], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1' },
  });
  if (code !== 0) throw new Error(`typedoc failed with exit code ${code}:\n${stdout}${stderr}`);
  console.log('wrote docs/api/performance');
  return warningsOf(`${stdout}\n${stderr}`);
}

/** Of what TypeDoc prints, what has to be mended. */
export function warningsOf(text) {
  return text
    .split('\n')
    .filter((line) => line.startsWith('[warning] ') && !/^\[warning\] Found \d+/.test(line))
    .map((line) => line.slice('[warning] '.length))
    .filter((line) => !ABOUT_MEMBER.test(line));
}
