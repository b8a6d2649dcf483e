import { expect } from 'chai';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RULES, type SourceFile } from './architecture/rules.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** For every rule, files that break it, and what the test says then. The rules must not be blind. */
const PLANTED: Readonly<
  Record<string, readonly (readonly [files: Record<string, string>, message: string])[]>
> = {
  'imports follow the table of parts': [
    [
      { 'src/cache/a.ts': `import { b } from '../optimizer/b.js';` },
      'src/cache/a.ts:1 imports ../optimizer/b.js, but cache may not import optimizer',
    ],
    [
      { 'src/optimizer/a.ts': `\nimport type { B } from '../cache/b.js';` },
      'src/optimizer/a.ts:2 imports types of ../cache/b.js, but optimizer may not import cache',
    ],
    [
      { 'src/config/options.ts': `import { type B } from '../cache/b.js';` },
      'src/config/options.ts:1 imports ../cache/b.js, but config may not import cache',
    ],
    [
      { 'src/clock.ts': `export * from './errors.js';` },
      'src/clock.ts:1 imports ./errors.js, but clock may not import errors',
    ],
    [
      { 'src/performance.ts': `const m = await import('./decorators/cached.js');` },
      'src/performance.ts:1 imports ./decorators/cached.js, but performance may not import decorators',
    ],
    [
      { 'src/blob/a.ts': `import '../errors.js';` },
      'src/blob/a.ts: blob has no row in the import table, add one',
    ],
  ],
  'every import names an existing file': [
    [
      { 'src/cache/a.ts': `export { b } from './b.js';` },
      'src/cache/a.ts:1 imports ./b.js, but there is no src/cache/b.ts',
    ],
  ],
  'no import path is computed': [
    [{ 'src/export/a.ts': 'void import(`./${name}.js`);' }, 'src/export/a.ts:1 imports a computed path'],
  ],
  'nothing imports index': [
    [{ 'src/cache/a.ts': `import { x } from '../index.js';` }, 'src/cache/a.ts:1 imports ../index.js'],
    [
      { 'src/cache/a.ts': `import { x } from '@gary-zero/performance';` },
      'src/cache/a.ts:1 imports @gary-zero/performance',
    ],
  ],
  'files do not import each other in a circle, types included': [
    [
      {
        'src/cache/a.ts': `import { b } from './b.js';`,
        'src/cache/b.ts': `import type { C } from './c.js';`,
        'src/cache/c.ts': `export { a } from './a.js';`,
      },
      'src/cache/a.ts -> src/cache/b.ts -> src/cache/c.ts -> src/cache/a.ts',
    ],
  ],
  'only the parts that measure and export import OpenTelemetry': [
    [
      { 'src/cache/a.ts': `import type { Meter } from '@opentelemetry/api';` },
      'src/cache/a.ts:1 imports @opentelemetry/api, but cache must not know OpenTelemetry',
    ],
    [
      { 'src/config/a.ts': `import { metrics } from '@opentelemetry/api';` },
      'src/config/a.ts:1 imports @opentelemetry/api, but config must not know OpenTelemetry',
    ],
    [
      { 'src/monitor/a.ts': `const api = loadInstalled('@opentelemetry/api');` },
      'src/monitor/a.ts:1 imports @opentelemetry/api, but monitor must not know OpenTelemetry',
    ],
    [
      { 'src/monitor/a.ts': `const api = createRequire(import.meta.url)('@opentelemetry/api');` },
      'src/monitor/a.ts:1 imports @opentelemetry/api, but monitor must not know OpenTelemetry',
    ],
    [
      {
        'src/monitor/a.ts': `const load = createRequire(import.meta.url);\nconst api = load('@opentelemetry/api');`,
      },
      'src/monitor/a.ts:2 imports @opentelemetry/api, but monitor must not know OpenTelemetry',
    ],
  ],
  'no import reaches into an OpenTelemetry package': [
    [
      { 'src/export/a.ts': `import x from '@opentelemetry/api/build/src/x';` },
      "src/export/a.ts:1 imports @opentelemetry/api/build/src/x, which is not a package's public entry",
    ],
  ],
  'instanceof is not asked of OpenTelemetry classes': [
    [
      {
        'src/export/a.ts': `import { A, MeterProvider as P } from '@opentelemetry/sdk-metrics';\nx instanceof P;`,
      },
      'src/export/a.ts:2 asks for instanceof P, which comes from OpenTelemetry',
    ],
    [
      {
        'src/export/a.ts': `const sdk: Sdk = require('@opentelemetry/sdk-metrics');\nx instanceof sdk.View;`,
      },
      'src/export/a.ts:2 asks for instanceof sdk, which comes from OpenTelemetry',
    ],
  ],
  'only the environment file reads process.env': [
    [{ 'src/cache/a.ts': `const url = process.env['URL'];` }, 'src/cache/a.ts:1 reads process.env'],
    [{ 'src/config/a.ts': `const { env } = process;` }, 'src/config/a.ts:1 reads process.env'],
    [{ 'src/cache/a.ts': `import { env } from 'node:process';` }, 'src/cache/a.ts:1 reads process.env'],
  ],
  'no await at the top level': [
    [{ 'src/register.ts': `const x = await load();` }, 'src/register.ts:1 awaits at the top level'],
    [{ 'src/register.ts': `if (x) {\n  await load();\n}` }, 'src/register.ts:2 awaits at the top level'],
    [
      { 'src/register.ts': `try {\n  for await (const x of y) {}\n} catch {}` },
      'src/register.ts:2 awaits at the top level',
    ],
  ],
  'no file is longer than 300 lines': [
    [
      { 'src/cache/a.ts': '\n'.repeat(301) },
      'src/cache/a.ts has 301 lines: what would the second file be called?',
    ],
  ],
  'names of files and folders say what is inside': [
    [{ 'src/cache/utils.ts': '' }, 'src/cache/utils.ts: utils.ts says nothing about what is inside'],
    [{ 'src/helpers/time.ts': '' }, 'src/helpers/time.ts: helpers says nothing about what is inside'],
  ],
  'examples use the public API only': [
    [
      { 'examples/shop/main.ts': `import { x } from '../../src/clock.js';` },
      'examples/shop/main.ts:1 imports ../../src/clock.js',
    ],
    [{ 'examples/shop/main.ts': `import chalk from 'chalk';` }, 'examples/shop/main.ts:1 imports chalk'],
  ],
};

/** Looks like a breach of every rule and is none. */
const INNOCENT: Record<string, string> = {
  'src/cache/a.ts': [
    `// import { b } from '../optimizer/b.js'; process.env.X`,
    `/* await import('../index.js') */`,
    'const doc = `import x from "../optimizer/b.js"; ${key.split(/[`\'"/]/)} process.env`;',
    `const text = "require('@opentelemetry/api')" + this.require('@opentelemetry/api');`,
    `import { b, type C as D } from './b.js';`,
    `export async function f(): Promise<void> { for await (const x of y) await x; }`,
    `export const g = async () => await h();`,
    `class Box { async open() { await this.process.environment; } }`,
    `export { f as default };`,
    `export type E = { from: 'x' };`,
  ].join('\n'),
  'src/cache/b.ts': `import type { X } from '../telemetry/x.js';`,
  'src/telemetry/x.ts': `import { Meter } from '@opentelemetry/api';\nx instanceof Error;`,
  'src/config/options.ts': `import type { X } from '../telemetry/x.js';\nimport type { M } from '@opentelemetry/api';`,
  'src/config/environment.ts': `export const read = () => process.env['OTEL_SERVICE_NAME'];`,
  'src/index.ts': `export * from './config/options.js';\nexport { f } from './cache/a.js';`,
  'examples/shop/main.ts': `import { a } from '@gary-zero/performance';\nimport './b.ts';\nimport fs from 'node:fs';\nawait a();`,
};

describe('architecture', () => {
  const files = [...readSources('src'), ...readSources('examples')];

  it('finds the sources', () => {
    expect(files.map(({ path }) => path)).to.include('src/errors.ts');
    expect(files.map(({ path }) => path)).to.include('examples/storefront/main.ts');
  });

  for (const { title, violations } of RULES) {
    it(title, () => {
      expect(violations(files)).to.deep.equal([]);
    });
  }

  describe('what it catches', () => {
    for (const { title, violations } of RULES) {
      it(title, () => {
        const planted = PLANTED[title] ?? [];

        expect(planted).to.have.length.above(0);
        for (const [sources, message] of planted)
          expect(violations(inMemory(sources))).to.deep.equal([message]);
      });
    }

    it('and nothing in innocent code', () => {
      for (const { violations } of RULES) expect(violations(inMemory(INNOCENT))).to.deep.equal([]);
    });
  });
});

function inMemory(sources: Record<string, string>): readonly SourceFile[] {
  return Object.entries(sources).map(([path, source]) => ({ path, source }));
}

function readSources(folder: string): readonly SourceFile[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({
      path: relative(ROOT, path).split(sep).join('/'),
      source: readFileSync(path, 'utf8'),
    }));
}
