import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../e2e/packed.js';

/** What is published, by folder. Anything else is a mistake: a test, a key, a report. */
const EXPECTED = [
  /^(package\.json|README\.md|CHANGELOG\.md|SECURITY\.md|LICENSE)$/,
  /^dist\/.+\.(js|js\.map|d\.ts|d\.ts\.map)$/,
  /^src\/.+\.(ts|css|html)$/,
  /^docs\/([\w-]+|runbooks\/\w+)\.md$/,
  /^grafana\/dashboards\/\w+\.json$/,
  /^grafana\/(prometheus|provisioning)\/.+\.ya?ml$/,
  /^collector-config\/[\w-]+\.(yaml|md)$/,
];

// Some percent above what it is. Whoever goes over it knows why, and raises it in the same commit.
const MAX_PACKED_BYTES = 1_500_000;
const MAX_UNPACKED_BYTES = 5_600_000;
const MAX_FILES = 1750;

interface Packed {
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly sideEffects: readonly string[];
}

describe('the published package', function () {
  this.timeout(30_000);
  let packed: Packed;
  let paths: readonly string[];
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

  before(async () => {
    // It is built already; building again here would race with tests that run it.
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      maxBuffer: 16 * 1024 * 1024,
    });
    [packed] = JSON.parse(stdout) as [Packed];
    paths = packed.files.map(({ path }) => path);
  });

  it('holds the expected kinds of files and no other', () => {
    const unexpected = paths.filter((path) => !EXPECTED.some((kind) => kind.test(path)));

    expect(unexpected).to.deep.equal([]);
    for (const kind of EXPECTED)
      expect(
        paths.some((path) => kind.test(path)),
        String(kind),
      ).to.equal(true);
  });

  it('stays within its size', () => {
    expect(packed.size).to.be.below(MAX_PACKED_BYTES);
    expect(packed.unpackedSize).to.be.below(MAX_UNPACKED_BYTES);
    expect(packed.files).to.have.length.below(MAX_FILES);
  });

  it('has every module that package.json promises, with types', () => {
    const promised = Object.values(manifest.exports).flatMap((entry) =>
      typeof entry === 'string' ? [entry] : [entry.types, entry.default],
    );
    const all = [...promised, ...Object.values(manifest.bin), ...manifest.sideEffects];
    const missing = all.map((path) => path.replace(/^\.\//, '')).filter((path) => !paths.includes(path));

    expect(missing).to.deep.equal([]);
  });

  it('has the source of every map, so that debuggers and editors find it', () => {
    const maps = paths.filter((path) => path.endsWith('.map'));
    const missing = maps.flatMap((path) => {
      const { sources } = JSON.parse(readFileSync(join(root, path), 'utf8')) as { sources: string[] };
      return sources
        .map((source) => join(path, '..', source))
        .filter((source) => !paths.includes(source) && !source.includes('\0'));
    });

    expect(maps).to.have.length.above(100);
    expect([...new Set(missing)]).to.deep.equal([]);
  });

  it('has every page that its pages link to', () => {
    const pages = paths.filter((path) => path.endsWith('.md') && existsSync(join(root, path)));
    const broken = pages.flatMap((page) =>
      linksOf(readFileSync(join(root, page), 'utf8'))
        .map((link) => join(page, '..', link))
        .filter((link) => !existsSync(join(root, link)))
        .map((link) => `${page}: ${link}`),
    );

    expect(broken).to.deep.equal([]);
  });
});

/** Targets of links into the repository, without their anchors. */
function linksOf(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link));
}
