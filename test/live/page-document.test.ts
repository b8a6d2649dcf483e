import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../e2e/packed.js';

/** Plain JavaScript, so its type is told here. */
interface PageScript {
  pageModule(root: string): Promise<string>;
}

describe('the document of the live page', function () {
  this.timeout(60_000);

  it('is what src/live/page makes (otherwise: npm run live-page)', async () => {
    const script = join(root, 'scripts', 'live-page.mjs');
    const { pageModule } = (await import(script)) as PageScript;

    const made = await pageModule(root);

    expect(await readFile(join(root, 'src', 'live', 'page-document.ts'), 'utf8')).to.equal(made);
  });
});
