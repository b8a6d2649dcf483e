import { expect } from 'chai';
import { join } from 'node:path';
import { root } from '../e2e/packed.js';

/** Plain JavaScript, so its type is told here. */
interface ReferenceScript {
  warningsOf(text: string): string[];
}

describe('warnings of the API reference', () => {
  it('are about exports and links; members may speak for themselves', async () => {
    const path = join(root, 'scripts', 'docs', 'reference.mjs');
    const { warningsOf } = (await import(path)) as ReferenceScript;
    const text = [
      '[info] Loaded plugin typedoc-plugin-markdown',
      '[warning] index.Counter (Interface), defined in a.ts, does not have any documentation',
      '[warning] index.retry (CallSignature), defined in b.ts, does not have any documentation',
      '[warning] index.Counter.add (CallSignature), defined in a.ts, does not have any documentation',
      '[warning] Failed to resolve link to "Gone" in comment for index.Counter',
      '[warning] Found 0 errors and 4 warnings',
    ].join('\n');

    expect(warningsOf(text)).to.deep.equal([
      'index.Counter (Interface), defined in a.ts, does not have any documentation',
      'index.retry (CallSignature), defined in b.ts, does not have any documentation',
      'Failed to resolve link to "Gone" in comment for index.Counter',
    ]);
  });
});
