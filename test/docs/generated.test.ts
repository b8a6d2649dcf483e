import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportedLabel, exportedName } from '../../src/cli/top/exported-names.js';
import { ENVIRONMENT, OTLP_ENVIRONMENT } from '../../src/config/environment.js';
import { catalogue } from '../../src/telemetry/catalogue.js';
import type { InstrumentDefinition } from '../../src/telemetry/definition.js';
import { root } from '../e2e/packed.js';

/** Plain JavaScript, so their types are told here. */
interface GeneratedScript {
  generatedFiles(root: string, code: object): Promise<ReadonlyMap<string, string>>;
}
interface PageScript {
  metricsPage(definitions: readonly Partial<InstrumentDefinition>[], names: object): string;
}
interface MarkedScript {
  replaceMarked(page: string, name: string, text: string): string;
}

const names = { metric: exportedName, label: exportedLabel };

describe('what docs has of the code', () => {
  it('is what the code says (otherwise: npm run docs)', async () => {
    const { generatedFiles } = await script<GeneratedScript>('generated.mjs');

    const files = await generatedFiles(root, {
      catalogue,
      names,
      environment: [ENVIRONMENT, OTLP_ENVIRONMENT],
    });

    expect([...files.keys()]).to.include.members(['README.md', 'docs/metrics.md', 'docs/environment.md']);
    for (const [path, text] of files) expect(await readFile(join(root, path), 'utf8'), path).to.equal(text);
  });

  it('refuses a metric that belongs to no group', async () => {
    const { metricsPage } = await script<PageScript>('metrics-page.mjs');
    const lonely = { name: 'lonely', kind: 'counter', unit: '1', description: '', attributes: {} } as const;

    expect(() => metricsPage([lonely], names)).to.throw('lonely has no group');
  });

  it('names the place that a page lacks', async () => {
    const { replaceMarked } = await script<MarkedScript>('marked.mjs');

    expect(replaceMarked('a\n<!-- t: x -->\n\nold\n\n<!-- end of t -->\nb', 't', 'new')).to.equal(
      'a\n<!-- t: x -->\n\nnew\n\n<!-- end of t -->\nb',
    );
    expect(() => replaceMarked('<!-- t: x -->', 't', 'new')).to.throw('<!-- end of t -->');
  });
});

async function script<Module>(name: string): Promise<Module> {
  return (await import(join(root, 'scripts', 'docs', name))) as Module;
}
