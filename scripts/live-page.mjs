import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { ALL_TO_STDERR, exitWith, isMain, ROOT, run } from './run.mjs';

const PAGE = join('src', 'live', 'page');
/** Where the page is put, as texts to serve. */
const DOCUMENT = join('src', 'live', 'page-document.ts');

/**
 * The module with the live page: markup, style and program of src/live/page in one document. So it is served from the
 * sources as from dist, and by who bundles this package too. The program is compiled, and so checked, by tsc.
 */
export async function pageModule(root) {
  const [html, css, script] = await Promise.all([
    readFile(join(root, PAGE, 'page.html'), 'utf8'),
    readFile(join(root, PAGE, 'page.css'), 'utf8'),
    bundleScript(root),
  ]);
  const [head, body, end] = unindented(html).split(
    /(?<=<style>)[^]*(?=<\/style>)|(?<=<script>)[^]*(?=<\/script>)/,
  );
  return [
    '// Made of src/live/page by `npm run live-page`: change it there.',
    `export const PAGE_STYLE = ${JSON.stringify(unindented(css.replaceAll(/\/\*.*?\*\/\n?/gs, '')))};`,
    `export const PAGE_SCRIPT = ${JSON.stringify(script)};`,
    `export const PAGE_HTML = [${JSON.stringify(head)}, PAGE_STYLE, ${JSON.stringify(body)}, PAGE_SCRIPT, ${JSON.stringify(end)}].join('');`,
    '',
  ].join('\n');
}

async function bundleScript(root) {
  const outDir = await mkdtemp(join(tmpdir(), 'live-page-'));
  try {
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const args = [tsc, '-p', PAGE, '--outDir', outDir];
    const code = await run(process.execPath, args, { cwd: root, stdio: ALL_TO_STDERR });
    if (code !== 0) throw new Error(`tsc ended with exit code ${code} for ${PAGE}`);
    const { rollup } = await import('@rollup/wasm-node');
    const bundle = await rollup({
      input: join(outDir, 'live', 'page', 'main.js'),
      onwarn: (warning) => {
        throw new Error(warning.message);
      },
    });
    const { output } = await bundle.generate({ format: 'iife' });
    await bundle.close();
    const [{ code: script }] = output;
    // The browser would take it for the end of the program.
    if (/<\/script|<!--/i.test(script)) throw new Error(`${PAGE} has text that ends a script in HTML`);
    return unindented(script);
  } finally {
    await rm(outDir, { recursive: true, force: true });
  }
}

function unindented(text) {
  return text.replaceAll(/^[ \t]+/gm, '');
}

if (isMain(import.meta.url)) {
  await exitWith(async () => {
    await ensureInstalled(ROOT);
    await writeFile(join(ROOT, DOCUMENT), await pageModule(ROOT));
    return 0;
  });
}
