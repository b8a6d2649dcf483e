import { expect } from 'chai';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../e2e/packed.js';

/** Plain JavaScript, so its types are told here. */
interface LinksScript {
  brokenLinks(root: string): string[];
  headingAnchors(markdown: string): Set<string>;
  unreachablePages(root: string, start: string, folder: string): string[];
}

describe('links of the pages', () => {
  let links: LinksScript;
  let folder: string;

  before(async () => {
    links = (await import(join(root, 'scripts', 'docs', 'links.mjs'))) as LinksScript;
    folder = await mkdtemp(join(tmpdir(), 'docs-links-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('lead to files and headings that exist', () => {
    expect(links.brokenLinks(root)).to.deep.equal([]);
  });

  it('lead from docs/README.md to every page of docs', () => {
    expect(links.unreachablePages(root, 'docs/README.md', 'docs')).to.deep.equal([]);
  });

  it('are found broken, outside of code only', async () => {
    await write(
      'README.md',
      '[a](docs/a.md#one) [b](docs/b.md) [c](#none)\n\n```md\n[d](d.md)\n```\n`[e](e.md)`',
    );
    await write('docs/a.md', '# One\n\n[up](../README.md) ![picture](a.png) [web](https://example.com/x)\n');

    expect(links.brokenLinks(folder)).to.have.members([
      'README.md: docs/b.md: there is no docs/b.md',
      'README.md: #none: README.md has no heading for it',
      'docs/a.md: a.png: there is no docs/a.png',
    ]);
  });

  it('leave out a page that none leads to', async () => {
    await write('guide/README.md', '[a](a.md)');
    await write('guide/a.md', '[more](deep/)');
    await write('guide/deep/README.md', 'end');
    await write('guide/lonely.md', '[a](a.md)');

    expect(links.unreachablePages(folder, 'guide/README.md', 'guide')).to.deep.equal(['guide/lonely.md']);
  });

  it('have the anchors that GitHub makes of headings', () => {
    const anchors = links.headingAnchors(
      '# A `b` & [C](c.md)\n## One\n## One\n```\n# no\n```\n### It’s "x", 2 %\n',
    );

    expect([...anchors]).to.deep.equal(['a-b--c', 'one', 'one-1', 'its-x-2-']);
  });

  async function write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
});
